import { expect, test } from 'vitest';
import { inChunks, mergeSorted } from '../../../services/shared/merge-sorted.ts';

async function* of(...values: number[]) {
  yield* values;
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

const ascending = (a: number, b: number) => a - b;

test('merges sorted sequences, equal values in the order of their sequences', async () => {
  expect(await all(mergeSorted([of(1, 4, 6), of(), of(2, 4), of(3)], ascending))).toEqual([1, 2, 3, 4, 4, 6]);
  expect(await all(mergeSorted([of(3, 1), of(2)], (a, b) => b - a))).toEqual([3, 2, 1]);
  expect(await all(mergeSorted([], ascending))).toEqual([]);
});

test('reads no further than needed, and ends all sequences when the reader stops', async () => {
  const read: number[] = [];
  let ended = 0;
  async function* watched(...values: number[]) {
    try {
      for (const value of values) {
        read.push(value);
        yield value;
      }
    } finally {
      ended++;
    }
  }
  for await (const value of mergeSorted([watched(1, 2, 3), watched(10, 11)], ascending)) {
    if (value === 2) break;
  }
  expect(read).toEqual([1, 10, 2]);
  expect(ended).toBe(2);
});

test('groups values into chunks', async () => {
  expect(await all(inChunks(of(1, 2, 3, 4, 5), 2))).toEqual([[1, 2], [3, 4], [5]]);
  expect(await all(inChunks(of(), 2))).toEqual([]);
});
