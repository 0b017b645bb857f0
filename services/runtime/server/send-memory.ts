/** The size of a piece while little is under way. */
const LARGE = 256 * 1024;

/** And when more than `PLENTY` is. */
const SMALL = 32 * 1024;

/** What may be under way, all together, before pieces become small. */
const PLENTY = 32 * 1024 * 1024;

/**
 * The memory, in bytes, of the answers that are being sent. Each has two pieces; one whose reader stalls keeps them.
 * When there are many, new ones get small pieces, so that a thousand stalled readers hold some 90 MB, and one that is
 * alone is sent to at full speed.
 */
export interface SendMemory {
  /** Takes memory for an answer of `length` bytes (NaN when that is not known); answers the size of its two pieces. */
  take(length: number): number;
  giveBack(size: number): void;
}

/** The memory of a server that sends nothing yet. */
export function sendMemory(): SendMemory {
  let held = 0;
  return {
    take(length) {
      const most = held < PLENTY ? LARGE : SMALL;
      const size = length < most ? Math.max(length, 1) : most;
      held += 2 * size;
      return size;
    },
    giveBack(size) {
      held -= 2 * size;
    },
  };
}
