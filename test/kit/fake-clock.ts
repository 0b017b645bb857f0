import type { Clock } from '../../services/ports/clock.ts';

/** A clock that moves only when a test advances it; it starts in the year 2026. */
export function fakeClock(
  start = Date.UTC(2026, 0, 2, 3, 4, 5),
): Clock & { advance(milliseconds: number): void } {
  let time = start;
  return {
    now: () => time,
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}
