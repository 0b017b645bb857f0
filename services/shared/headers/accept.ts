/** The encodings we have bodies in, the best first. */
export type Encoding = 'br' | 'gzip' | 'identity';

const encodings: readonly Encoding[] = ['br', 'gzip', 'identity'];

/** The encoding for an answer, by the `Accept-Encoding` header of its request (RFC 9110 section 12.5.3). */
export function bestEncoding(header: string | null | undefined): Encoding {
  return preferred(header, encodings) ?? 'identity';
}

/** Whether an `Accept-Encoding` header allows gzip, even if it prefers another encoding. */
export function takesGzip(header: string | null | undefined): boolean {
  return preferred(header, ['gzip']) !== undefined;
}

/**
 * Of the types or encodings on offer, the one that an `Accept` or `Accept-Encoding` header names with the highest
 * quality, and of equals the one offered first. Wildcards don't count: what a client doesn't name it may not know.
 *
 * Better here than `negotiator`, which takes the first in the header of equal types and lets wildcards match every offer.
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

/** What was read before: clients send a handful of different headers. */
const known = new Map<string, ReadonlyMap<string, number>>();
const MAX_KNOWN = 100;

/** The names in such a header, in lower case, with their quality: from 0, which refuses, to 1. */
function qualitiesIn(header: string): ReadonlyMap<string, number> {
  const before = known.get(header);
  if (before) return before;
  const qualities = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [named = '', ...parameters] = part.split(';').map((each) => each.trim());
    // Another name of gzip (RFC 9110 section 8.4.1.3).
    const name = named === 'x-gzip' ? 'gzip' : named;
    qualities.set(name, Math.max(qualityOf(parameters), qualities.get(name) ?? 0));
  }
  if (known.size < MAX_KNOWN) known.set(header, qualities);
  return qualities;
}

/** The quality among parameters: 1 when it is left out, 0 when it is not a number. */
function qualityOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const quality = /^q\s*=\s*(?<quality>.*)$/.exec(parameter)?.groups?.quality;
    if (quality !== undefined) return Number(quality) || 0;
  }
  return 1;
}
