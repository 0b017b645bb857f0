import { describe, expect, test } from 'vitest';
import { type InFlight, inFlightUpTo } from '../../../../services/adapters/aws/in-flight.ts';

/** Enters the sizes in turn; returns a function that lists the indexes of those admitted so far. */
function enterAll(inFlight: InFlight, sizes: readonly number[]): () => Promise<number[]> {
  const inside: number[] = [];
  sizes.forEach((size, index) => {
    void inFlight.enter(size).then(() => inside.push(index));
  });
  return async () => {
    await new Promise(setImmediate);
    return [...inside];
  };
}

describe('bytes in flight', () => {
  test('are admitted up to the limit, and further ones in order as others leave', async () => {
    const inFlight = inFlightUpTo(100);
    const entered = enterAll(inFlight, [40, 60, 10, 30, 5]);
    expect(await entered()).toEqual([0, 1]);
    inFlight.leave(40);
    expect(await entered()).toEqual([0, 1, 2, 3]);
    inFlight.leave(60);
    expect(await entered()).toEqual([0, 1, 2, 3, 4]);
  });

  test('never overtake waiting ones, however few they are', async () => {
    const inFlight = inFlightUpTo(100);
    const entered = enterAll(inFlight, [90, 50, 1]);
    expect(await entered()).toEqual([0]);
    inFlight.leave(90);
    expect(await entered()).toEqual([0, 1, 2]);
  });

  test('above the limit are admitted alone', async () => {
    const inFlight = inFlightUpTo(100);
    const entered = enterAll(inFlight, [10, 500, 10]);
    expect(await entered()).toEqual([0]);
    inFlight.leave(10);
    expect(await entered()).toEqual([0, 1]);
    inFlight.leave(500);
    expect(await entered()).toEqual([0, 1, 2]);
  });
});
