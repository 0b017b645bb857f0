/** The encodings we have bodies in, the best first. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** The best encoding an `Accept-Encoding` header allows (RFC 9110 section 12.5.3); q-values other than 0 count as 1. */
export function bestEncoding(header: string | null | undefined): Encoding {
  if (!header) return 'identity';
  const refused = /(?:^|,)\s*(?<name>[\w*-]+)\s*;\s*q=0(?:\.0+)?\s*(?=,|$)/g;
  const no = new Set(Array.from(header.matchAll(refused), (match) => match.groups?.name));
  if (/(?:^|[\s,])br(?:$|[\s,;])/.test(header) && !no.has('br')) return 'br';
  return /(?:^|[\s,])(?:x-)?gzip(?:$|[\s,;])/.test(header) && !no.has('gzip') ? 'gzip' : 'identity';
}
