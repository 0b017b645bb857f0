import { randomBytes } from 'node:crypto';

/** A unique text that sorts by time: the millisecond in twelve hex digits, then ten random bytes. */
export function newEventId(now: number): string {
  return `${now.toString(16).padStart(12, '0')}-${randomBytes(10).toString('hex')}`;
}
