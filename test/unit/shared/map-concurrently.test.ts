import { expect, test } from 'vitest';
import { mapConcurrently } from '../../../services/shared/map-concurrently.ts';

/** Work on items, each of which is pending until the test resolves or rejects it. */
function heldWork() {
  const started: string[] = [];
  const held = new Map<string, PromiseWithResolvers<string>>();
  const work = (item: string) => {
    started.push(item);
    const end = Promise.withResolvers<string>();
    held.set(item, end);
    return end.promise;
  };
  return { started, work, end: (item: string) => held.get(item)!, turn: () => new Promise(setImmediate) };
}

test('mapConcurrently returns the results in the order of the items, whichever finishes first', async () => {
  const { work, end, turn } = heldWork();
  const results = mapConcurrently(['a', 'b', 'c'], 3, work);
  await turn();
  for (const item of ['c', 'a', 'b']) {
    end(item).resolve(item.toUpperCase());
    await turn();
  }
  expect(await results).toEqual(['A', 'B', 'C']);
});

test('mapConcurrently runs at most as many items as the limit, and starts the next when one finishes', async () => {
  const { started, work, end, turn } = heldWork();
  const results = mapConcurrently(['a', 'b', 'c', 'd'], 2, work);
  await turn();
  expect(started).toEqual(['a', 'b']);
  end('b').resolve('B');
  await turn();
  expect(started).toEqual(['a', 'b', 'c']);
  end('a').resolve('A');
  end('c').resolve('C');
  await turn();
  end('d').resolve('D');
  expect(await results).toEqual(['A', 'B', 'C', 'D']);
});

test('mapConcurrently starts nothing after a failure, and throws it once the running work has finished', async () => {
  const { started, work, end, turn } = heldWork();
  let outcome: unknown;
  mapConcurrently(['a', 'b', 'c', 'd'], 2, work).catch((error: unknown) => {
    outcome = error;
  });
  await turn();
  end('b').reject(new Error('first'));
  await turn();
  expect([started, outcome]).toEqual([['a', 'b'], undefined]);
  end('a').reject(new Error('second'));
  await turn();
  expect(started).toEqual(['a', 'b']);
  expect(outcome).toEqual(new Error('first'));
});

test('mapConcurrently takes an item from the iterable only when it can start it', async () => {
  const { work, end, turn } = heldWork();
  const taken: string[] = [];
  function* items() {
    for (const item of ['a', 'b', 'c']) {
      taken.push(item);
      yield item;
    }
  }
  const results = mapConcurrently(items(), 1, work);
  await turn();
  expect(taken).toEqual(['a']);
  for (const item of ['a', 'b', 'c']) {
    end(item).resolve(item);
    await turn();
  }
  expect(await results).toEqual(['a', 'b', 'c']);
});

test('mapConcurrently rejects when the work throws synchronously', async () => {
  const failing = mapConcurrently(['a'], 2, () => {
    throw new Error('at once');
  });
  await expect(failing).rejects.toThrow('at once');
});

test('mapConcurrently returns an empty list for an empty list', async () => {
  expect(await mapConcurrently([], 5, async () => 1)).toEqual([]);
});
