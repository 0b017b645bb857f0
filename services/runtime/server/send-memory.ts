/** Buffer size while little memory is in use, in bytes. */
const LARGE = 256 * 1024;

/** Buffer size when more than `PLENTY` is in use, in bytes. */
const SMALL = 32 * 1024;

/** How much memory may be in use before new buffers become small, in bytes. */
const PLENTY = 32 * 1024 * 1024;

/**
 * The memory, in bytes, of the responses being sent. Each has two buffers, and keeps them while its reader stalls.
 * When there are many, new responses get small buffers, so that a thousand stalled readers hold about 90 MB while
 * a single response is sent at full speed.
 */
export interface SendMemory {
  /** Reserves memory for a response of `length` bytes (NaN if unknown) and returns the size of its two buffers. */
  take(length: number): number;
  release(size: number): void;
}

/** Tracks the memory of a server's responses, initially none. */
export function sendMemory(): SendMemory {
  let held = 0;
  return {
    take(length) {
      const most = held < PLENTY ? LARGE : SMALL;
      const size = length < most ? Math.max(length, 1) : most;
      held += 2 * size;
      return size;
    },
    release(size) {
      held -= 2 * size;
    },
  };
}
