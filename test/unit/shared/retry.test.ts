import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { jitteredPause, withRetries } from '../../../services/shared/retry.ts';

const passing = new Error('it passes');
const options = {
  shouldRetry: (error: unknown) => error === passing,
  firstPause: 20,
  longestPause: 1000,
};

function failing(times: number) {
  let attempts = 0;
  return {
    attempt: async () => {
      if (++attempts <= times) throw passing;
      return attempts;
    },
    attempts: () => attempts,
  };
}

describe('an operation that is attempted again', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('succeeds with the first attempt that does', async () => {
    const { attempt } = failing(3);
    const result = withRetries(attempt, options);
    await vi.runAllTimersAsync();
    expect(await result).toBe(4);
  });

  test('fails at once with an error that does not pass', async () => {
    const { attempt, attempts } = failing(3);
    await expect(withRetries(attempt, { ...options, shouldRetry: () => false })).rejects.toBe(passing);
    expect(attempts()).toBe(1);
  });

  test('fails with the last error after the most attempts', async () => {
    const { attempt, attempts } = failing(100);
    const result = withRetries(attempt, { ...options, attempts: 5 }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await result).toBe(passing);
    expect(attempts()).toBe(5);
  });

  test('does not start an attempt after its retryFor', async () => {
    const { attempt, attempts } = failing(100);
    // Pauses of 10, 20 and 40 ms; the next one would end after 150 ms.
    const result = withRetries(attempt, { ...options, retryFor: 100 }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await result).toBe(passing);
    expect(attempts()).toBe(4);
  });
});

describe('a pause', () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    [0, [0, 0, 0, 0, 0, 0]],
    [0.5, [10, 20, 40, 320, 500, 500]],
    [1, [20, 40, 80, 640, 1000, 1000]],
  ])('of the share %d lies below a bound that doubles up to the longest', (share, pauses) => {
    vi.spyOn(Math, 'random').mockReturnValue(share);
    expect([1, 2, 3, 6, 7, 100].map((count) => jitteredPause(count, options))).toEqual(pauses);
  });
});
