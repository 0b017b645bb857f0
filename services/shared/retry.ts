/** When an operation is attempted again. */
export interface RetryOptions {
  /** Whether the error may not occur the next time. */
  readonly shouldRetry: (error: unknown) => boolean;
  /** The most attempts; unlimited when left out. */
  readonly attempts?: number;
  /** No attempt starts later than this, in milliseconds after the first; unlimited when left out. */
  readonly retryFor?: number;
  /** Upper bounds of the pauses before the second attempt and before all later ones, in milliseconds. */
  readonly firstPause: number;
  readonly longestPause: number;
}

/**
 * Attempts an operation until it succeeds, with random pauses whose upper bound doubles each time ("full jitter").
 * Better here than `p-retry`, which waits at least half of each bound: twenty writers of one item are done in half the time.
 *
 * @throws the last error, once it is not to be retried or the limits are reached.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { shouldRetry, attempts = Number.POSITIVE_INFINITY, retryFor = Number.POSITIVE_INFINITY } = options;
  const deadline = performance.now() + retryFor;
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      const pause = jitteredPause(count, options);
      if (!shouldRetry(error) || count >= attempts || performance.now() + pause > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** A random pause after the attempt with this number, counted from 1, in milliseconds. */
export function jitteredPause(
  count: number,
  { firstPause, longestPause }: Pick<RetryOptions, 'firstPause' | 'longestPause'>,
): number {
  return Math.random() * Math.min(firstPause * 2 ** (count - 1), longestPause);
}
