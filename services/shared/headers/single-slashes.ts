/**
 * Squeezes runs of slashes in the path of a request target: clients join addresses that end in a slash with paths that
 * begin with one. Encoded slashes and the query stay as they are.
 */
export function singleSlashes(target: string): string {
  if (!target.includes('//')) return target;
  // A target may be a whole URL.
  const start = target.startsWith('/') ? 0 : target.indexOf('/', target.indexOf('://') + 3);
  if (start < 0) return target;
  const query = target.indexOf('?', start);
  const end = query < 0 ? target.length : query;
  return target.slice(0, start) + target.slice(start, end).replaceAll(/\/{2,}/g, '/') + target.slice(end);
}
