import { matchesEtag } from './etag.ts';

/** The validators of a resource's current state. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch, compared in whole seconds. */
  readonly modifiedAt: number;
}

/** The result of the conditions: proceed, or respond with 304 or 412. */
export type Verdict = 'proceed' | 'not modified' | 'failed';

/**
 * Evaluates the conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2. Invalid dates are ignored.
 * Used instead of `fresh`, which does not support `If-Match` and `If-Unmodified-Since`, and never allows 304 with
 * `Cache-Control: no-cache`.
 */
export function judgeConditions(headers: Headers, validators: Validators): Verdict {
  const modified = seconds(validators.modifiedAt);
  const [ifMatch, ifNoneMatch] = [headers.get('if-match'), headers.get('if-none-match')];
  if (ifMatch !== null) {
    if (!matchesStrongly(ifMatch, validators.etag)) return 'failed';
  } else if (modified > dateIn(headers, 'if-unmodified-since')) return 'failed';
  if (ifNoneMatch !== null) return matchesEtag(ifNoneMatch, validators.etag) ? 'not modified' : 'proceed';
  return modified <= dateIn(headers, 'if-modified-since') ? 'not modified' : 'proceed';
}

/**
 * Whether to honor the `Range` header: `If-Range` is absent or matches the current state (RFC 9110 section
 * 13.1.5).
 */
export function rangeCounts(headers: Headers, validators: Validators): boolean {
  const ifRange = headers.get('if-range');
  if (ifRange === null || ifRange === validators.etag) return true;
  return !ifRange.includes('"') && dateIn(headers, 'if-range') === seconds(validators.modifiedAt);
}

/** Formats a time for headers such as `Last-Modified`. */
export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/** The date in a header, in seconds. NaN if absent or invalid, so that comparisons are false. */
function dateIn(headers: Headers, name: string): number {
  return seconds(Date.parse(headers.get(name) ?? ''));
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function matchesStrongly(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((candidate) => candidate.trim() === etag);
}
