import { describe, expect, test } from 'vitest';
import {
  byVersion,
  compareVersions,
  isInRange,
  isPrerelease,
  isSemVer2,
  normalised,
  normalisedRange,
  parseRange,
  parseVersion,
  storedVersion,
} from '../../../../services/formats/nuget/nuget-version.ts';

/** Parses a text that is a valid version. */
function version(text: string) {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(`${text} is not a version`);
  return parsed;
}

describe('versions', () => {
  // https://learn.microsoft.com/nuget/concepts/package-versioning#normalized-version-numbers
  test.for([
    ['1.00', '1.0.0'],
    ['1.01.1', '1.1.1'],
    ['1.00.0.1', '1.0.0.1'],
    ['1.0.0.0', '1.0.0'],
    ['1.0.01.0', '1.0.1'],
    ['1.0.7+r3456', '1.0.7'],
    ['1', '1.0.0'],
    ['1.2-Beta', '1.2.0-Beta'],
    ['1.0.0-alpha.01+x.y', '1.0.0-alpha.01'],
    [' 2.0 ', '2.0.0'],
    ['0.0.0.1-a-b', '0.0.0.1-a-b'],
    ['2147483647.0', '2147483647.0.0'],
  ])('are normalised from %s to %s', ([text, expected]) => {
    expect(normalised(version(text!))).toBe(expected);
  });

  test('are stored in lower case', () => {
    expect(storedVersion(version('1.0-RC.1+Build'))).toBe('1.0.0-rc.1');
  });

  test.for([
    '',
    'v1.0',
    '1.',
    '.1',
    '1.0.0.0.0',
    '1.0-',
    '1.0+',
    '1.0-a..b',
    '1.0-ä',
    '1.0 0',
    '2147483648',
    '-1',
    '1,0',
  ])('are undefined if the text is invalid: %j', (text) => expect(parseVersion(text)).toBeUndefined());

  test('are undefined if the text is too long', () => {
    expect(parseVersion(`1.0-${'a'.repeat(124)}`)).toBeDefined();
    expect(parseVersion(`1.0-${'a'.repeat(125)}`)).toBeUndefined();
    expect(parseVersion(`1.0-${'a.'.repeat(1_000_000)}`)).toBeUndefined();
  });

  test('are sorted by numbers, then by labels, with prereleases first', () => {
    const sorted = [
      '0.9',
      '1.0-0',
      '1.0-2',
      '1.0-10',
      '1.0-99999999999999999998',
      '1.0-99999999999999999999',
      '1.0-alpha',
      '1.0-ALPHA.1',
      '1.0-alpha.beta',
      '1.0-beta.2',
      '1.0-beta.11',
      '1.0-rc',
      '1.0',
      '1.0.0.1-a',
      '1.0.0.1',
      '1.0.1',
      '1.10',
      '2',
    ];
    expect(byVersion([...sorted].reverse(), (text) => text)).toEqual(sorted);
  });

  test('are equal regardless of case and build metadata', () => {
    expect(compareVersions(version('1.0-RC+a'), version('1.0.0.0-rc+b'))).toBe(0);
  });

  test('are sorted after texts that are not versions', () => {
    expect(byVersion(['1.0', 'x'], (text) => text)).toEqual(['x', '1.0']);
  });

  test('are prereleases or SemVer 2 depending on their labels and metadata', () => {
    const facts = (text: string) => [isPrerelease(version(text)), isSemVer2(version(text))];
    expect(facts('1.0')).toEqual([false, false]);
    expect(facts('1.0.0.1')).toEqual([false, false]);
    expect(facts('1.0-a')).toEqual([true, false]);
    expect(facts('1.0-a.1')).toEqual([true, true]);
    expect(facts('1.0+a')).toEqual([false, true]);
  });
});

describe('ranges', () => {
  // https://learn.microsoft.com/nuget/concepts/package-versioning#version-ranges
  test.for([
    ['1.0', '[1.0.0, )', ['1.0', '2.0'], ['0.9', '1.0-rc']],
    ['[1.0,)', '[1.0.0, )', ['1.0'], ['0.9']],
    ['(1.0,)', '(1.0.0, )', ['1.1'], ['1.0']],
    ['[1.0]', '[1.0.0, 1.0.0]', ['1.0', '1.0+x'], ['1.1']],
    ['(,1.0]', '(, 1.0.0]', ['0.1', '1.0'], ['1.1']],
    ['(,1.0)', '(, 1.0.0)', ['0.9'], ['1.0']],
    ['[ 1.0 , 2.0 ]', '[1.0.0, 2.0.0]', ['1.0', '2.0'], ['2.1']],
    ['(1.0,2.0-RC.1)', '(1.0.0, 2.0.0-RC.1)', ['1.5', '2.0-beta'], ['1.0', '2.0-rc.1', '2.0']],
    ['', '(, )', ['0', '9'], []],
    ['(,)', '(, )', ['0', '9'], []],
    ['[,1.0]', '(, 1.0.0]', ['0.9', '1.0'], ['1.1']],
  ] as const)(
    'are normalised from %j to %j, and contain the right versions',
    ([text, expected, inside, outside]) => {
      const range = rangeOf(text);
      expect(normalisedRange(range)).toBe(expected);
      for (const each of inside) expect([each, isInRange(version(each), range)]).toEqual([each, true]);
      for (const each of outside) expect([each, isInRange(version(each), range)]).toEqual([each, false]);
    },
  );

  test.for([
    ['(1.0)'],
    ['1.*'],
    ['[a,b]'],
    ['[1.0,2.0,3.0]'],
    ['[]'],
    ['['],
    ['1.0, 2.0'],
    ['[1.0-01,)'],
    ['(,1.0-rc.007]'],
    ['1.0-00'],
    ['[2.0,1.0]'],
    ['(1.0,1.0]'],
    [`[${' '.repeat(1_000_000)}1.0]`],
  ] as const)('are undefined if clients can not read them: %j', ([text]) => {
    expect(parseRange(text)).toBeUndefined();
  });

  test('can contain many blanks', () => {
    const blanks = ' '.repeat(140);
    expect(parseRange(`[${blanks},${blanks}x`)).toBeUndefined();
    expect(normalisedRange(rangeOf(`[${blanks}1.0,${blanks}2.0]`))).toBe('[1.0.0, 2.0.0]');
  });
});

function rangeOf(text: string) {
  const range = parseRange(text);
  if (!range) throw new Error(`${text} is not a range`);
  return range;
}
