import { expect, test } from 'vitest';
import { searchTerms } from '../../../../services/shared/text/search-terms.ts';

test.for([
  ['', []],
  ['Left Pad', ['left', 'pad']],
  ['tag:JSON  fast', ['tag=json', 'fast']],
  ['tag: json', ['tag=json']],
  ['packageid:"Acme.Tool" "two words"', ['packageid=acme.tool', 'two words']],
  ['tag:', ['tag=']],
  ['tag:""', ['tag=']],
  ['a:b:c', ['a=', 'b=c']],
  ['"unended', ['unended']],
  [':x', ['x']],
  [' :: ', ['::']],
  [' ', []],
] as const)('search terms are split with their fields: %s', ([text, expected]) => {
  const shown = searchTerms(text).map(({ field, value }) =>
    field === undefined ? value : `${field}=${value}`,
  );
  expect(shown).toEqual(expected);
});
