import { describe, expect, test } from 'vitest';
import { pairwise } from '../../kit/pairwise.ts';

const factors = {
  kind: ['personal', 'project', 'group', 'deploy'],
  carrier: ['header', 'basic'],
  level: ['project', 'group', 'instance'],
  client: ['npm', 'yarn', 'bun'],
} as const;

const names = Object.keys(factors) as (keyof typeof factors)[];

/** The pairs of values of two factors that are in some combination, as text. */
function pairsIn(
  chosen: readonly Record<string, unknown>[],
  first: keyof typeof factors,
  second: keyof typeof factors,
): string[] {
  return [...new Set(chosen.map((each) => `${each[first]} ${each[second]}`))].sort();
}

function everyPair(first: keyof typeof factors, second: keyof typeof factors): string[] {
  return factors[first].flatMap((value) => factors[second].map((other) => `${value} ${other}`)).sort();
}

describe('combinations by pairs', () => {
  test('hold every pair of values of any two factors', () => {
    const chosen = pairwise(factors);
    for (const [index, first] of names.entries()) {
      for (const second of names.slice(index + 1)) {
        expect(pairsIn(chosen, first, second)).toEqual(everyPair(first, second));
      }
    }
  });

  test('are far fewer than all combinations, and never fewer than the two largest factors need', () => {
    const { length } = pairwise(factors);
    expect(length).toBeGreaterThanOrEqual(4 * 3);
    expect(length).toBeLessThanOrEqual(16);
  });

  test('are the same every time', () => {
    expect(pairwise(factors)).toEqual(pairwise(factors));
  });

  test('of independent factors need not meet, but every value has its turn', () => {
    const chosen = pairwise(factors, {
      independent: [
        ['kind', 'client'],
        ['kind', 'level'],
      ],
    });
    expect(chosen.length).toBeLessThan(12);
    expect(pairsIn(chosen, 'kind', 'carrier')).toEqual(everyPair('kind', 'carrier'));
    expect(pairsIn(chosen, 'level', 'client')).toEqual(everyPair('level', 'client'));
  });

  test('leave out what can not be, and still hold all other pairs', () => {
    const chosen = pairwise(factors, {
      possible: ({ client, carrier }) => client !== 'bun' || carrier !== 'basic',
    });
    expect(pairsIn(chosen, 'carrier', 'client')).toEqual(
      everyPair('carrier', 'client').filter((pair) => pair !== 'basic bun'),
    );
    expect(pairsIn(chosen, 'kind', 'level')).toEqual(everyPair('kind', 'level'));
  });

  test('of one factor are its values', () => {
    expect(pairwise({ level: ['project', 'group'] })).toEqual([{ level: 'project' }, { level: 'group' }]);
  });
});
