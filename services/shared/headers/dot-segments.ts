/** A segment `.` or `..`; its dots, and the slashes around it, may be encoded. */
const DOT_SEGMENT = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:$|[/\\?#]|%2f|%5c)/i;

/**
 * Whether the path of a request target has a segment `.` or `..`. Parsers of URLs resolve these segments, also encoded
 * ones, and each in its own way: `a/%2e%2e/b` becomes `b`. Names such as `..a` or `a..b` are ordinary ones.
 */
export function hasDotSegment(path: string): boolean {
  return DOT_SEGMENT.test(path);
}
