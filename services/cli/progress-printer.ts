import type { Terminal } from './command.ts';
import { barLine, type Progress, paceOf, plainLine, type Sample, withSample } from './progress.ts';

/** Shows the progress of a long operation. */
export interface ProgressPrinter {
  /** Updates the progress; may be called for every byte. */
  show(progress: Progress): void;
  /** Prints a line that stays. */
  note(text: string): void;
  /** Removes the progress bar. */
  end(): void;
}

/** How often the rate is sampled and the bar redrawn, and how often a plain line is written, in milliseconds. */
const DRAW_EVERY = 100;
const WRITE_EVERY = 10_000;

/** The width of a terminal that does not report one. */
const COLUMNS = 80;

/** A progress bar on a terminal, an occasional plain line anywhere else. */
export function progressPrinter(
  target: Terminal['progress'],
  now: () => number = () => performance.now(),
): ProgressPrinter {
  let samples: readonly Sample[] = [];
  let written = now();
  let title = '';
  const clear = () => target.isTTY && target.write('\r\u001b[2K');

  function draw(progress: Progress): void {
    // The echo of Ctrl-C must fit on the line, or the bar would be left above it.
    const columns = (target.columns ?? COLUMNS) - '^C'.length;
    target.write(`\r\u001b[2K${barLine(progress, paceOf(samples, progress), columns)}`);
  }

  function write(progress: Progress, at: number): void {
    if (at - written < WRITE_EVERY) return;
    written = at;
    target.write(`${plainLine(progress, paceOf(samples, progress))}\n`);
  }

  return {
    show(progress) {
      const at = now();
      const last = samples.at(-1);
      if (progress.title !== title) samples = [];
      else if (last && at - last.at < DRAW_EVERY) return;
      title = progress.title;
      samples = withSample(samples, { at, done: progress.done, bytes: progress.bytes });
      if (target.isTTY) draw(progress);
      else write(progress, at);
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
