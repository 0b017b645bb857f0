import { expect, test } from 'vitest';
import { mapConcurrently } from '../../../services/shared/map-concurrently.ts';

/** Work that waits until it is told to end, item by item. */
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

test('results come in the order of the items, however long each takes', async () => {
  const { work, end, turn } = heldWork();
  const results = mapConcurrently(['a', 'b', 'c'], 3, work);
  await turn();
  for (const item of ['c', 'a', 'b']) {
    end(item).resolve(item.toUpperCase());
    await turn();
  }
  expect(await results).toEqual(['A', 'B', 'C']);
});

test('no more work is under way than the limit, and the next starts when one ends', async () => {
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

test('after a failure nothing starts, and it is thrown once the work under way has ended', async () => {
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

test('items are taken only when there is room for them', async () => {
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

test('work that throws at once is a failure like any other', async () => {
  const failing = mapConcurrently(['a'], 2, () => {
    throw new Error('at once');
  });
  await expect(failing).rejects.toThrow('at once');
});

test('nothing comes of nothing', async () => {
  expect(await mapConcurrently([], 5, async () => 1)).toEqual([]);
});
