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

/** How often the pace is taken and a bar drawn anew, and how often a plain line is written, in milliseconds. */
const DRAW_EVERY = 100;
const WRITE_EVERY = 10_000;

/** How wide a terminal is that does not tell. */
const COLUMNS = 80;

/** A bar that is drawn over on a terminal, a line now and then anywhere else. */
export function progressPrinter(
  target: Terminal['progress'],
  now: () => number = () => performance.now(),
): ProgressPrinter {
  let samples: readonly Sample[] = [];
  let written = now();
  let title = '';
  const clear = () => target.isTTY && target.write('\r\u001b[2K');

  function draw(progress: Progress): void {
    // What the terminal shows of Ctrl-C must fit on the line, or the bar would stay above it.
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
