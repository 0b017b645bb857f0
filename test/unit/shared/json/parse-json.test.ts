import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../services/shared/json/parse-json.ts';
import { UnreadableJson } from '../../../../services/shared/json/unreadable-json.ts';

function problemOf(text: string, limits = { values: 10, depth: 4 }): string | undefined {
  try {
    parseJson(text, limits);
    return undefined;
  } catch (error) {
    return error instanceof UnreadableJson ? error.problem : String(error);
  }
}

describe('a JSON text', () => {
  test.for(['null', '1', '"a,b,[{"', '{"a":[1,2,{"b":"\\"]"}]}', '[1,2,3,4,5,6,7,8,9,10]'])(
    'is read: %s',
    (text) => {
      expect(parseJson(text, { values: 10 })).toEqual(JSON.parse(text));
    },
  );

  test('is refused for its values before the rest is looked at', () => {
    expect(problemOf(`[${'1,'.repeat(10)}`)).toBe('too-many');
    expect(problemOf(`[${'{},'.repeat(6)} and more that is not JSON`)).toBe('too-many');
    expect(problemOf(`{"a":"${','.repeat(100)}"}`)).toBeUndefined();
  });

  test('is refused when it is nested too deeply, or is not JSON', () => {
    expect(problemOf('[[[[[')).toBe('too-deep');
    expect(['', '[', ']', '{"a"}', 'nonsense'].map((text) => problemOf(text))).toEqual(
      Array(5).fill('malformed'),
    );
  });
});
