/**
 * Renders progress as one line of text, without reading the clock. Written here because neither `cli-progress` (no
 * release for two years) nor `log-update` drops the less important parts in a narrow terminal.
 */
import { bytesText, countText, roughTimeText, timeText } from './units.ts';

/** The progress of an operation at one moment. */
export interface Progress {
  /** The activity: `Copying`. */
  readonly title: string;
  /** The unit: `blobs`. */
  readonly things: string;
  readonly done: number;
  readonly bytes: number;
  /** The total number and bytes, once known. */
  readonly total?: number | undefined;
  readonly totalBytes?: number | undefined;
}

/** Progress at a time in milliseconds. */
export interface Sample {
  readonly at: number;
  readonly done: number;
  readonly bytes: number;
}

/** Rates per second, and the seconds left at these rates. */
export interface Pace {
  readonly things: number;
  readonly bytes: number;
  readonly left: number | undefined;
}

/** The time over which rates are measured, in milliseconds. */
const WINDOW = 20_000;

/** Adds a sample and drops those that are too old. Starts over if progress went backwards, as in a new phase. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && (sample.done < last.done || sample.bytes < last.bytes)) return [sample];
  const oldest = samples.findLastIndex(({ at }) => at <= sample.at - WINDOW);
  return [...samples.slice(Math.max(0, oldest)), sample];
}

/** The pace over the samples. Undefined while they are too close together. */
export function paceOf(samples: readonly Sample[], progress: Progress): Pace | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < 1_000) return undefined;
  const seconds = (last.at - first.at) / 1000;
  const things = (last.done - first.done) / seconds;
  const bytes = (last.bytes - first.bytes) / seconds;
  return { things, bytes, left: secondsLeft(progress, things, bytes) };
}

/** Time for small items depends on their number, for large ones on their bytes: returns the longer estimate. */
function secondsLeft(progress: Progress, things: number, bytes: number): number | undefined {
  const { done, total, totalBytes } = progress;
  if (total === undefined) return undefined;
  const byNumber = timeFor(total - done, things);
  const bySize = totalBytes === undefined ? 0 : timeFor(totalBytes - progress.bytes, bytes);
  const longer = Math.max(byNumber, bySize);
  return Number.isFinite(longer) ? longer : undefined;
}

function timeFor(amount: number, rate: number): number {
  if (amount <= 0) return 0;
  return rate > 0 ? amount / rate : Number.POSITIVE_INFINITY;
}

/** The completed fraction, 0 to 1. Undefined while the total is unknown. */
export function shareOf({ done, total, bytes, totalBytes }: Progress): number | undefined {
  if (total === undefined) return undefined;
  const byNumber = total === 0 ? 1 : done / total;
  const bySize = totalBytes ? bytes / totalBytes : byNumber;
  return Math.min(1, Math.max(0, byNumber), Math.max(0, bySize));
}

/** Below this width, times are shown in a single unit. */
const NARROW = 60;

/** The widest and narrowest bar, in characters, without its brackets. */
const BAR = { most: 30, least: 6 };

/** Renders progress as a bar of at most `columns` characters, dropping the least important parts to fit. */
export function barLine(progress: Progress, pace: Pace | undefined, columns: number): string {
  const { title, things, done, total, bytes, totalBytes } = progress;
  const share = shareOf(progress);
  const left = pace?.left;
  const time = left !== undefined && (columns < NARROW ? roughTimeText(left) : timeText(left));
  const count = `${countText(done)}${total === undefined ? '' : ` of ${countText(total)}`} ${things}`;
  const size = `${bytesText(bytes)}${totalBytes === undefined ? '' : ` of ${bytesText(totalBytes)}`}`;
  // In display order; parts with a lower rank are kept longer.
  const parts: Part[] = [
    { rank: share === undefined ? 0 : 4, text: title },
    { rank: 2, text: share !== undefined && BAR_HERE },
    { rank: 0, text: share !== undefined && `${String(Math.floor(share * 100)).padStart(3)} %` },
    { rank: 5, text: count },
    { rank: 6, text: size },
    { rank: 7, text: pace !== undefined && `${countText(pace.things)}/s` },
    { rank: 3, text: pace !== undefined && `${bytesText(pace.bytes)}/s` },
    { rank: 1, text: time !== false && `${time} left` },
  ];
  for (let rank = 7; rank > 0; rank--) {
    const line = laidOut(parts, rank, share ?? 0, columns);
    if (line !== undefined) return line;
  }
  return (share === undefined ? title : `${Math.floor(share * 100)} %`).slice(0, columns);
}

interface Part {
  readonly rank: number;
  readonly text: string | false;
}

/** A placeholder for the bar, which fills the remaining width. */
const BAR_HERE = '\u0000';

/** The parts up to a rank side by side. Undefined if they do not fit. */
function laidOut(parts: readonly Part[], most: number, share: number, columns: number): string | undefined {
  const texts = parts.flatMap(({ rank, text }) => (rank <= most && text !== false ? [text] : []));
  const line = texts.join('  ').trimStart();
  const room = columns - line.length;
  if (!texts.includes(BAR_HERE)) return room >= 0 ? line : undefined;
  const width = Math.min(BAR.most, room - 1);
  return width >= BAR.least ? line.replace(BAR_HERE, `[${bar(share, width)}]`) : undefined;
}

function bar(share: number, width: number): string {
  const full = Math.floor(share * width);
  const head = full < width ? '>' : '';
  return '='.repeat(full) + head + ' '.repeat(width - full - head.length);
}

/** Renders progress as a log line. */
export function plainLine(progress: Progress, pace: Pace | undefined): string {
  const { title, things, done, total, bytes, totalBytes } = progress;
  const share = shareOf(progress);
  const parts = [
    `${countText(done)}${total === undefined ? '' : ` of ${countText(total)}`} ${things}` +
      (share === undefined ? '' : ` (${Math.floor(share * 100)} %)`),
    `${bytesText(bytes)}${totalBytes === undefined ? '' : ` of ${bytesText(totalBytes)}`}`,
    ...(pace ? [`${countText(pace.things)} ${things}/s`, `${bytesText(pace.bytes)}/s`] : []),
    ...(pace?.left === undefined ? [] : [`${timeText(pace.left)} left`]),
  ];
  return `${title}: ${parts.join(', ')}`;
}
