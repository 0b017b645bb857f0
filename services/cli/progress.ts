/**
 * Progress as one line of text. Pure: times come in as numbers. Drawn here, since neither `cli-progress` (no release for
 * two years) nor `log-update` leaves out the less important parts in a narrow terminal.
 */
import { bytesText, countText, roughTimeText, timeText } from './units.ts';

/** A moment of something that goes on. */
export interface Progress {
  /** What is being done: `Copying`. */
  readonly title: string;
  /** What is counted: `blobs`. */
  readonly things: string;
  readonly done: number;
  readonly bytes: number;
  /** How many there are, and their bytes, once that is known. */
  readonly total?: number | undefined;
  readonly totalBytes?: number | undefined;
}

/** A moment with the time it was at, in milliseconds. */
export interface Sample {
  readonly at: number;
  readonly done: number;
  readonly bytes: number;
}

/** How fast it goes, in a second, and the seconds that are left at this rate. */
export interface Pace {
  readonly things: number;
  readonly bytes: number;
  readonly left: number | undefined;
}

/** How far back the rate looks, in milliseconds. */
const WINDOW = 20_000;

/** The samples that still count, with a new one. Going backwards, as when a new phase begins, starts over. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && (sample.done < last.done || sample.bytes < last.bytes)) return [sample];
  const oldest = samples.findLastIndex(({ at }) => at <= sample.at - WINDOW);
  return [...samples.slice(Math.max(0, oldest)), sample];
}

/** The pace over the samples, or undefined while they are too close together to tell. */
export function paceOf(samples: readonly Sample[], progress: Progress): Pace | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < 1_000) return undefined;
  const seconds = (last.at - first.at) / 1000;
  const things = (last.done - first.done) / seconds;
  const bytes = (last.bytes - first.bytes) / seconds;
  return { things, bytes, left: secondsLeft(progress, things, bytes) };
}

/** Small things take their time by number, large ones by size: whatever takes longer. */
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

/** The share that is done, 0 to 1, or undefined while the total is not known. */
export function shareOf({ done, total, bytes, totalBytes }: Progress): number | undefined {
  if (total === undefined) return undefined;
  const byNumber = total === 0 ? 1 : done / total;
  const bySize = totalBytes ? bytes / totalBytes : byNumber;
  return Math.min(1, Math.max(0, byNumber), Math.max(0, bySize));
}

/** Below this width, times are told in one unit. */
const NARROW = 60;

/** The widest and the narrowest bar that is drawn, in characters, without its ends. */
const BAR = { most: 30, least: 6 };

/** Progress as a bar of at most `columns` characters. What matters least is left out where there is no room for it. */
export function barLine(progress: Progress, pace: Pace | undefined, columns: number): string {
  const { title, things, done, total, bytes, totalBytes } = progress;
  const share = shareOf(progress);
  const left = pace?.left;
  const time = left !== undefined && (columns < NARROW ? roughTimeText(left) : timeText(left));
  const count = `${countText(done)}${total === undefined ? '' : ` of ${countText(total)}`} ${things}`;
  const size = `${bytesText(bytes)}${totalBytes === undefined ? '' : ` of ${bytesText(totalBytes)}`}`;
  // In the order in which they stand; the lower the rank, the longer they stay.
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

/** Stands for the bar, which takes the room that is left. */
const BAR_HERE = '\u0000';

/** The parts up to a rank beside each other, or undefined where they need more room. */
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

/** Progress as a line of a log. */
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
