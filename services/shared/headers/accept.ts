/** The encodings in which we have bodies, best first. */
export type Encoding = 'br' | 'gzip' | 'identity';

const encodings: readonly Encoding[] = ['br', 'gzip', 'identity'];

/** Chooses the encoding of a response by the request's `Accept-Encoding` header (RFC 9110 section 12.5.3). */
export function bestEncoding(header: string | null | undefined): Encoding {
  return preferred(header, encodings) ?? 'identity';
}

/** Whether an `Accept-Encoding` header allows gzip, even if it prefers another encoding. */
export function takesGzip(header: string | null | undefined): boolean {
  return preferred(header, ['gzip']) !== undefined;
}

/**
 * The offered type or encoding with the highest quality in an `Accept` or `Accept-Encoding` header; of equals, the
 * first offered. Wildcards don't count: a client may not understand what it does not name.
 *
 * Used instead of `negotiator`, which prefers the header's order among equals and lets wildcards match every
 * offer.
 */
export function preferred<T extends string>(
  header: string | null | undefined,
  offers: readonly T[],
): T | undefined {
  if (!header) return undefined;
  const qualities = qualitiesIn(header);
  let best: T | undefined;
  let highest = 0;
  for (const offer of offers) {
    const quality = qualities.get(offer) ?? 0;
    if (quality > highest) [best, highest] = [offer, quality];
  }
  return best;
}

/** Parsed headers: clients send a handful of different ones. */
const parsed = new Map<string, ReadonlyMap<string, number>>();
const MAX_PARSED = 100;

/** The lowercase names in a header with their quality, from 0 (not acceptable) to 1. */
function qualitiesIn(header: string): ReadonlyMap<string, number> {
  const cached = parsed.get(header);
  if (cached) return cached;
  const qualities = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [named = '', ...parameters] = part.split(';').map((each) => each.trim());
    // Another name of gzip (RFC 9110 section 8.4.1.3).
    const name = named === 'x-gzip' ? 'gzip' : named;
    qualities.set(name, Math.max(qualityOf(parameters), qualities.get(name) ?? 0));
  }
  if (parsed.size < MAX_PARSED) parsed.set(header, qualities);
  return qualities;
}

/** The quality in the parameters: 1 if absent, 0 if not a number. */
function qualityOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const quality = /^q\s*=\s*(?<quality>.*)$/.exec(parameter)?.groups?.quality;
    if (quality !== undefined) return Number(quality) || 0;
  }
  return 1;
}
