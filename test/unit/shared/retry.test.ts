import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { jitteredPause, withRetries } from '../../../services/shared/retry.ts';

const transient = new Error('it passes');
const options = {
  shouldRetry: (error: unknown) => error === transient,
  firstPause: 20,
  longestPause: 1000,
};

function failing(times: number) {
  let attempts = 0;
  return {
    attempt: async () => {
      if (++attempts <= times) throw transient;
      return attempts;
    },
    attempts: () => attempts,
  };
}

describe('an operation with retries', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('returns the result of the first attempt that succeeds', async () => {
    const { attempt } = failing(3);
    const result = withRetries(attempt, options);
    await vi.runAllTimersAsync();
    expect(await result).toBe(4);
  });

  test('fails without a retry on an error that should not be retried', async () => {
    const { attempt, attempts } = failing(3);
    await expect(withRetries(attempt, { ...options, shouldRetry: () => false })).rejects.toBe(transient);
    expect(attempts()).toBe(1);
  });

  test('fails with the last error after the maximum number of attempts', async () => {
    const { attempt, attempts } = failing(100);
    const result = withRetries(attempt, { ...options, attempts: 5 }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await result).toBe(transient);
    expect(attempts()).toBe(5);
  });

  test('starts no attempt after the time limit `retryFor`', async () => {
    const { attempt, attempts } = failing(100);
    // Pauses of 10, 20 and 40 ms; the next one would end after 150 ms.
    const result = withRetries(attempt, { ...options, retryFor: 100 }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await result).toBe(transient);
    expect(attempts()).toBe(4);
  });
});

describe('the pause between attempts', () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    [0, [0, 0, 0, 0, 0, 0]],
    [0.5, [10, 20, 40, 320, 500, 500]],
    [1, [20, 40, 80, 640, 1000, 1000]],
  ])('is the random share %d of a bound that doubles up to the longest pause', (share, pauses) => {
    vi.spyOn(Math, 'random').mockReturnValue(share);
    expect([1, 2, 3, 6, 7, 100].map((count) => jitteredPause(count, options))).toEqual(pauses);
  });
});
