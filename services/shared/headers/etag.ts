/**
 * Whether an `If-None-Match` header matches the entity tag `etag` (with its quotes); weak comparison, RFC 9110
 * 13.1.2.
 */
export function matchesEtag(header: string | null | undefined, etag: string): boolean {
  if (!header) return false;
  if (header === etag) return true;
  if (header.trim() === '*') return true;
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
