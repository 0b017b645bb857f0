import { describe, expect, test } from 'vitest';
import { pairwise } from '../../kit/pairwise.ts';

const factors = {
  kind: ['personal', 'project', 'group', 'deploy'],
  carrier: ['header', 'basic'],
  level: ['project', 'group', 'instance'],
  client: ['npm', 'yarn', 'bun'],
} as const;

const names = Object.keys(factors) as (keyof typeof factors)[];

/** The pairs of values of two factors that occur in the combinations, as text. */
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

describe('pairwise combinations', () => {
  test('contain every pair of values of any two factors', () => {
    const chosen = pairwise(factors);
    for (const [index, first] of names.entries()) {
      for (const second of names.slice(index + 1)) {
        expect(pairsIn(chosen, first, second)).toEqual(everyPair(first, second));
      }
    }
  });

  test('are far fewer than all combinations, and at least as many as the two largest factors require', () => {
    const { length } = pairwise(factors);
    expect(length).toBeGreaterThanOrEqual(4 * 3);
    expect(length).toBeLessThanOrEqual(16);
  });

  test('are the same in every call', () => {
    expect(pairwise(factors)).toEqual(pairwise(factors));
  });

  test('need not contain every pair of independent factors', () => {
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

  test('leave out impossible pairs, and contain all others', () => {
    const chosen = pairwise(factors, {
      possible: ({ client, carrier }) => client !== 'bun' || carrier !== 'basic',
    });
    expect(pairsIn(chosen, 'carrier', 'client')).toEqual(
      everyPair('carrier', 'client').filter((pair) => pair !== 'basic bun'),
    );
    expect(pairsIn(chosen, 'kind', 'level')).toEqual(everyPair('kind', 'level'));
  });

  test('are the values if there is only one factor', () => {
    expect(pairwise({ level: ['project', 'group'] })).toEqual([{ level: 'project' }, { level: 'group' }]);
  });
});
