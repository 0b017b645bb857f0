/** How far something is, as one line of text. Pure: times come in as numbers. */
import { bytesText, countText, timeText } from './units.ts';

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

/** Progress as a bar of at most `columns` characters. What matters least is left out where there is no room for it. */
export function barLine(progress: Progress, pace: Pace | undefined, columns: number): string {
  const { title, things, done, total, bytes, totalBytes } = progress;
  const share = shareOf(progress);
  const count = `${countText(done)}${total === undefined ? '' : ` of ${countText(total)}`} ${things}`;
  const size = `${bytesText(bytes)}${totalBytes === undefined ? '' : ` of ${bytesText(totalBytes)}`}`;
  const facts: [rank: number, text: string | undefined][] = [
    [0, share === undefined ? undefined : `${String(Math.floor(share * 100)).padStart(3)} %`],
    [2, count],
    [3, size],
    [5, pace && `${countText(pace.things)}/s`],
    [4, pace && `${bytesText(pace.bytes)}/s`],
    [1, pace?.left === undefined ? undefined : `${timeText(pace.left)} left`],
  ];
  const ranked = facts.filter((fact): fact is [number, string] => fact[1] !== undefined);
  const fewer = facts.map((_, index) => ranked.filter(([rank]) => rank <= facts.length - 1 - index));
  const texts = fewer.map((some) => some.map(([, fact]) => fact).join('  '));
  for (const text of share === undefined ? [] : texts) {
    const room = columns - title.length - text.length - 6;
    if (room >= BAR.least) return `${title}  [${bar(share ?? 0, Math.min(BAR.most, room))}]  ${text}`;
  }
  const lines = texts.map((text) => `${title}  ${text}`.trimEnd());
  return lines.find((line) => line.length <= columns) ?? title.slice(0, columns);
}

/** The widest and the narrowest bar that is drawn, in characters. */
const BAR = { most: 30, least: 10 };

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
