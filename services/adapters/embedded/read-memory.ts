/** The size of a piece of a file while readers hold little. */
const LARGE = 256 * 1024;

/** And when they hold more than `PLENTY`: what a connection takes before it asks to wait, so that it takes one. */
const SMALL = 64 * 1024;

/** What readers may hold, all together, before their pieces become small. */
const PLENTY = 24 * 1024 * 1024;

/**
 * The memory, in bytes, of all who read from a store. A reader takes memory for a piece at a time and gives it
 * back when the piece has been sent; one that stalls keeps it. When many are held up pieces become small, so that a
 * thousand stalled readers hold some 90 MB, and one that is alone reads at full speed.
 */
export interface ReadMemory {
  /** Takes memory for the next piece of at most `wanted` bytes, and answers how large it may be. */
  take(wanted: number): number;
  giveBack(bytes: number): void;
  /** Whether there is memory for pieces that nobody has asked for yet. */
  isPlenty(): boolean;
}

/** The memory of a store from which nobody reads yet. */
export function readMemory(): ReadMemory {
  let held = 0;
  return {
    take(wanted) {
      const size = Math.min(wanted, held < PLENTY ? LARGE : SMALL);
      held += size;
      return size;
    },
    giveBack(bytes) {
      held -= bytes;
    },
    isPlenty: () => held < PLENTY,
  };
}
