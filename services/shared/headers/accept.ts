/** The encodings we have bodies in, the best first. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** Headers that were read before: clients send a handful of different ones. */
const known = new Map<string, Encoding>();
const MAX_KNOWN = 100;

/** The best encoding an `Accept-Encoding` header allows (RFC 9110 section 12.5.3); q-values other than 0 count as 1. */
export function bestEncoding(header: string | null | undefined): Encoding {
  if (!header) return 'identity';
  const before = known.get(header);
  if (before) return before;
  const encoding = readEncoding(header);
  if (known.size < MAX_KNOWN) known.set(header, encoding);
  return encoding;
}

function readEncoding(header: string): Encoding {
  const refused = /(?:^|,)\s*(?<name>[\w*-]+)\s*;\s*q=0(?:\.0+)?\s*(?=,|$)/g;
  const no = new Set(Array.from(header.matchAll(refused), (match) => match.groups?.name));
  if (/(?:^|[\s,])br(?:$|[\s,;])/.test(header) && !no.has('br')) return 'br';
  return /(?:^|[\s,])(?:x-)?gzip(?:$|[\s,;])/.test(header) && !no.has('gzip') ? 'gzip' : 'identity';
}
