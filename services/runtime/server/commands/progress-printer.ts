import type { Terminal } from './command.ts';
import { barLine, type Progress, paceOf, plainLine, type Sample, withSample } from './progress.ts';

/** Shows progress while something goes on. */
export interface ProgressPrinter {
  /** Tells where it is; may be called for every byte. */
  show(progress: Progress): void;
  /** Says something that stays, between the progress. */
  note(text: string): void;
  /** Takes the bar away. */
  end(): void;
}

/** How often a bar is drawn anew, and how often a plain line is written, in milliseconds. */
const DRAW_EVERY = 100;
const WRITE_EVERY = 10_000;

/** How wide a terminal is that does not tell. */
const COLUMNS = 80;

/** A bar that is drawn over on a terminal, a line now and then anywhere else. */
export function progressPrinter(
  target: Terminal['progress'],
  now: () => number = () => performance.now(),
): ProgressPrinter {
  const interval = target.isTTY ? DRAW_EVERY : WRITE_EVERY;
  let samples: readonly Sample[] = [];
  let told = Number.NEGATIVE_INFINITY;
  let title = '';
  const clear = () => target.isTTY && target.write('\r\u001b[2K');
  return {
    show(progress) {
      const at = now();
      if (progress.title !== title) samples = [];
      else if (at - told < interval) return;
      title = progress.title;
      told = at;
      samples = withSample(samples, { at, done: progress.done, bytes: progress.bytes });
      const pace = paceOf(samples, progress);
      if (target.isTTY)
        target.write(`\r\u001b[2K${barLine(progress, pace, (target.columns ?? COLUMNS) - 1)}`);
      else target.write(`${plainLine(progress, pace)}\n`);
    },
    note(text) {
      clear();
      target.write(`${text}\n`);
    },
    end() {
      clear();
    },
  };
}
