import pMap, { pMapSkip } from 'p-map';

/**
 * Runs `work` on each item, at most `concurrency` at a time, and returns the results in the order of the items.
 * After a failure no more work is started; unlike `p-map` alone, it waits for the work in progress before
 * throwing, so that nothing continues in the background.
 *
 * @throws the first failure
 */
export async function mapConcurrently<T, R>(
  items: Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const failures: unknown[] = [];

  function* untilFailure(): Generator<T> {
    for (const item of items) {
      if (failures.length > 0) return;
      yield item;
    }
  }

  async function attempt(item: T): Promise<R | typeof pMapSkip> {
    try {
      return await work(item);
    } catch (error) {
      failures.push(error);
      return pMapSkip;
    }
  }

  const results = await pMap(untilFailure(), attempt, { concurrency });
  if (failures.length > 0) throw failures[0];
  return results;
}
