import { describe, expect, test } from 'vitest';
import {
  nameLimits,
  parseFileIdentity,
  parseFileName,
  parseFullPath,
  parsePackageName,
  parseTagName,
  parseVersionName,
  required,
} from '../../../services/domain/names.ts';

const parsers = [
  ['packageName', parsePackageName],
  ['version', parseVersionName],
  ['fileName', parseFileName],
  ['fileName', parseFileIdentity],
  ['tag', parseTagName],
] as const;

describe.each(parsers)('%s', (kind, parse) => {
  const limit = nameLimits[kind];

  test.each(['a', 'com/example/app', 'ünïcödé', '1.0+build', 'with #, % and spaces'])('may be %s', (text) => {
    expect(parse(text)).toBe(text);
  });

  test.each(['', '\ud800', 'a\udc00'])('may not be empty or not Unicode: %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  test('has a length in bytes, of which # and % take three', () => {
    for (const [character, bytes] of [
      ['a', 1],
      ['ü', 2],
      ['€', 3],
      ['#', 3],
      ['%', 3],
      ['🙂', 4],
    ] as const) {
      const longest = character.repeat(Math.floor(limit / bytes));
      expect(parse(longest)).toBe(longest);
      expect(parse(longest + character)).toBeUndefined();
    }
  });

  test('is required in words that name the limit', () => {
    expect(required(kind, parse('a'))).toBe('a');
    expect(() => required(kind, parse(''))).toThrow(`at most ${limit} bytes`);
  });
});

test.each(['acme', 'acme/tools', '_a/b-c/d.e', 'Acme/0', 'a'.repeat(nameLimits.fullPath)])(
  '%s may be a full path',
  (text) => {
    expect(parseFullPath(text)).toBe(text);
  },
);

test.each([
  '',
  '/',
  'acme/',
  '/acme',
  'a//b',
  '-a',
  '.a',
  'a b',
  'a#b',
  'a%2Fb',
  'ä',
  'a\n',
  'a'.repeat(nameLimits.fullPath + 1),
])('%j may not be a full path', (text) => {
  expect(parseFullPath(text)).toBeUndefined();
});
