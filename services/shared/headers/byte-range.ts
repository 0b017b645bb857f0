/** Bytes from `start` to `end`, both inclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Parses a `Range` header for a body of `size` bytes (RFC 9110 section 14.2). Returns the range, `whole` if it
 * has no range to apply (absent, another unit, malformed, or several ranges, which we do not serve), or `unsatisfiable`
 * if it lies outside the body or ends before it begins. Used instead of `range-parser`, which rejects the last 500 bytes
 * of a shorter body.
 */
export function parseRange(
  header: string | null | undefined,
  size: number,
): Range | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(?<first>\d*)-(?<last>\d*)$/i.exec(header?.trim() ?? '');
  const { first = '', last = '' } = match?.groups ?? {};
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return 'unsatisfiable';
  return start >= size ? 'unsatisfiable' : { start, end };
}
