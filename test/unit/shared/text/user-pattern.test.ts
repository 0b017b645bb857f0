import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { patternSize } from '../../../../services/shared/text/pattern-size.ts';
import { matchesWhole, patternProblem } from '../../../../services/shared/text/user-pattern.ts';

describe("a user's expression", () => {
  test.for([
    '',
    'a',
    '.*-SNAPSHOT',
    '^(foo|bar)-[a-z0-9]{1,64}$',
    'a?'.repeat(127),
    '\\pL'.repeat(85),
    'x'.repeat(255),
  ])('may be %s', (source) => {
    expect(patternProblem(source)).toBeUndefined();
  });

  test.for([
    '(?:\\pL?){999}',
    '(?:\\pL?){999}'.repeat(18),
    '(?:(?:a{10}){10}){10}',
    '(a|b){0,200}',
    '\\p{Greek}{400}',
    'a(?i){999}',
    '[]a]{2,500}',
  ])('may not repeat as much as %s, and then matches nothing', (source) => {
    expect(patternProblem(source)).toContain('repeats too much');
    expect(matchesWhole(source, 'a')).toBe(false);
  });

  test.for(['(', 'a**', '(?=a)', '\\1'])('must be valid, unlike %s', (source) => {
    expect(patternProblem(source)).toBe('is not an RE2 expression');
    expect(matchesWhole(source, 'a')).toBe(false);
  });

  test('matches whole texts', () => {
    expect(['a', 'ab', 'b'].map((text) => matchesWhole('a.?', text))).toEqual([true, true, false]);
  });
});

test('the estimated size of an expression is close to the size of its program', () => {
  const sources = [
    'abc',
    '(a|b)*c{3,5}',
    '(?P<name>[a-z]{2}){3}',
    '(?:x{2}){0,7}',
    '\\Qa{9}\\E{4}',
    '[^\\]x]{5,}',
    '[[:alpha:]]{8}',
    'a(?i){2}{3}',
    '\\x{41}{6}|\\101{7}',
    'a{,3}',
  ];
  for (const source of sources) {
    let actual = 0;
    try {
      actual = RE2JS.compile(source).programSize();
    } catch {
      continue;
    }
    expect([source, patternSize(source) * 1.3 + 4 >= actual]).toEqual([source, true]);
    expect([source, patternSize(source) <= actual * 2 + 4]).toEqual([source, true]);
  }
});
