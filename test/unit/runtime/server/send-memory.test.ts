import { expect, test } from 'vitest';
import { sendMemory } from '../../../../services/runtime/server/send-memory.ts';

const KIB = 1024;

test('large buffers are given to few answers, small ones to many, and large ones again after a release', () => {
  const memory = sendMemory();
  const sizes = Array.from({ length: 1000 }, () => memory.take(1e9));
  expect([sizes[0], sizes.at(-1)]).toEqual([256 * KIB, 32 * KIB]);
  expect(2 * sizes.reduce((sum, size) => sum + size)).toBeLessThan(96 * KIB * KIB);
  for (const size of sizes) memory.release(size);
  expect(memory.take(1e9)).toBe(256 * KIB);
});

test('an answer gets no more memory than it needs', () => {
  const memory = sendMemory();
  expect([memory.take(100_000), memory.take(0), memory.take(Number.NaN)]).toEqual([100_000, 1, 256 * KIB]);
});
