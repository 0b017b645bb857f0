import { setTimeout as delay } from 'node:timers/promises';

/** The delays before a repeat, in milliseconds: they double from the first to the longest. */
const FIRST_DELAY = 20;
const LONGEST_DELAY = 1_000;

/**
 * Repeats `attempt` while `isPassing` says of its error that it will pass, with jittered exponential delays.
 * After `patience` milliseconds the last error is thrown.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
  patience: number,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (let longest = FIRST_DELAY; ; longest = Math.min(longest * 2, LONGEST_DELAY)) {
    try {
      return await attempt();
    } catch (error) {
      const wait = Math.random() * longest;
      if (!isPassing(error) || performance.now() + wait > deadline) throw error;
      await delay(wait);
    }
  }
}
