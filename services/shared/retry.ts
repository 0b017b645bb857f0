/** When to retry an operation. */
export interface RetryOptions {
  /** Whether the error may be transient. */
  readonly shouldRetry: (error: unknown) => boolean;
  /** The maximum number of attempts; unlimited by default. */
  readonly attempts?: number;
  /** No attempt starts later than this many milliseconds after the first; unlimited by default. */
  readonly retryFor?: number;
  /** Upper bounds of the pause before the second attempt and of all later pauses, in milliseconds. */
  readonly firstPause: number;
  readonly longestPause: number;
}

/**
 * Retries an operation until it succeeds, with random pauses whose upper bound doubles each time ("full jitter").
 * Used instead of `p-retry`, which waits at least half of each bound: twenty writers of one item finish in half
 * the time.
 *
 * @throws the last error, if it should not be retried or a limit is reached
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

/** A random pause in milliseconds after attempt number `count`, which starts at 1. */
export function jitteredPause(
  count: number,
  { firstPause, longestPause }: Pick<RetryOptions, 'firstPause' | 'longestPause'>,
): number {
  return Math.random() * Math.min(firstPause * 2 ** (count - 1), longestPause);
}
