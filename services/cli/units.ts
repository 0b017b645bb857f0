/** Numbers as people read them. */

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** An amount of bytes: `999 B`, `1.2 MB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A count, thousands apart: `12,345`. */
export function countText(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A time span, in one or two units: `8 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function timeText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [d, h, min, s] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (d > 0) return h > 0 ? `${d} d ${h} h` : `${d} d`;
  if (h > 0) return min > 0 ? `${h} h ${min} min` : `${h} h`;
  if (min > 0) return s > 0 ? `${min} min ${s} s` : `${min} min`;
  return `${s} s`;
}

/** A time span in one unit, rounded: `8 s`, `3 min`, `2 h`, `3 d`. */
export function roughTimeText(seconds: number): string {
  const [value, unit] =
    seconds < 59.5
      ? [seconds, 's']
      : seconds < 3_570
        ? [seconds / 60, 'min']
        : seconds < 84_600
          ? [seconds / 3_600, 'h']
          : [seconds / 86_400, 'd'];
  return `${countText(Math.max(0, value))} ${unit}`;
}
