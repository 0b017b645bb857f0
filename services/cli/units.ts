/** Formats numbers for people. */
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';

/** A number of bytes: `999 B`, `1.2 MB`. Always one decimal, so that a progress bar keeps its width. */
export function bytesText(bytes: number): string {
  const digits = bytes < 1000 ? 0 : 1;
  return prettyBytes(bytes, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A count with separated thousands: `12,345`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** A duration in one or two units: `8s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function timeText(seconds: number): string {
  return spanText(seconds, 2);
}

/** A duration in its largest unit: `8s`, `3m`, `2h`, `3d`. */
export function roughTimeText(seconds: number): string {
  return spanText(seconds, 1);
}

function spanText(seconds: number, unitCount: number): string {
  const whole = Math.max(0, Math.round(seconds));
  // `pretty-ms` would write `0ms`.
  return whole === 0 ? '0s' : prettyMs(whole * 1000, { unitCount });
}
