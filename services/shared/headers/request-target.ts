/**
 * Squeezes runs of slashes in the path of a request target: clients join addresses that end in a slash with paths that
 * begin with one. Encoded slashes and the query stay as they are.
 */
export function singleSlashes(target: string): string {
  if (!target.includes('//')) return target;
  const [start, end] = pathRange(target);
  return target.slice(0, start) + target.slice(start, end).replaceAll(/\/{2,}/g, '/') + target.slice(end);
}

/** Returns the path of a request target, as it was sent and without its query. */
export function targetPath(target: string): string {
  return target.slice(...pathRange(target));
}

/** Where the path of a request target starts and ends. */
function pathRange(target: string): [start: number, end: number] {
  const start = target.startsWith('/') ? 0 : pathStart(target);
  const query = target.indexOf('?', start);
  return [start, query < 0 ? target.length : query];
}

/** Where the path of a whole URL starts, which a target may be. */
function pathStart(url: string): number {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  return start < 0 ? url.length : start;
}
