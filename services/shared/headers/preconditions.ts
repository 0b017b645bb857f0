import { matchesEtag } from './etag.ts';

/** What tells two states of a resource apart. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch; whole seconds of it count. */
  readonly modifiedAt: number;
}

/** What conditions come to: do what is asked, or answer 304 or 412. */
export type Verdict = 'go on' | 'not modified' | 'failed';

/**
 * Judges the conditions of a GET or HEAD, in the order of RFC 9110 section 13.2.2. Invalid dates are ignored. Better here
 * than `fresh`, which does not know `If-Match` and `If-Unmodified-Since`, and never answers 304 to `Cache-Control: no-cache`.
 */
export function judgeConditions(headers: Headers, validators: Validators): Verdict {
  const modified = seconds(validators.modifiedAt);
  const [ifMatch, ifNoneMatch] = [headers.get('if-match'), headers.get('if-none-match')];
  if (ifMatch !== null) {
    if (!matchesStrongly(ifMatch, validators.etag)) return 'failed';
  } else if (modified > dateIn(headers, 'if-unmodified-since')) return 'failed';
  if (ifNoneMatch !== null) return matchesEtag(ifNoneMatch, validators.etag) ? 'not modified' : 'go on';
  return modified <= dateIn(headers, 'if-modified-since') ? 'not modified' : 'go on';
}

/** Whether the part that `Range` asks for may be sent: no `If-Range` is there, or it names this very state (13.1.5). */
export function rangeCounts(headers: Headers, validators: Validators): boolean {
  const ifRange = headers.get('if-range');
  if (ifRange === null || ifRange === validators.etag) return true;
  return !ifRange.includes('"') && dateIn(headers, 'if-range') === seconds(validators.modifiedAt);
}

/** A moment as headers tell it, such as `Last-Modified`. */
export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/** The date in a header in seconds; without one, NaN, which is neither before nor after anything. */
function dateIn(headers: Headers, name: string): number {
  return seconds(Date.parse(headers.get(name) ?? ''));
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function matchesStrongly(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((candidate) => candidate.trim() === etag);
}
