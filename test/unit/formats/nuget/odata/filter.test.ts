import { describe, expect, test } from 'vitest';
import {
  evaluate,
  type FilterValue,
  parseFilter,
  UnreadableFilter,
  valuesIn,
} from '../../../../../services/formats/nuget/v2/odata/filter.ts';
import { parseCall, unquoted } from '../../../../../services/formats/nuget/v2/odata/literals.ts';
import { orderBy } from '../../../../../services/formats/nuget/v2/odata/order-by.ts';

const thing: Readonly<Record<string, FilterValue>> = {
  Id: "O'Reilly.Tool",
  Version: '1.0',
  Tags: ' a b ',
  IsLatestVersion: true,
  IsPrerelease: false,
  DownloadCount: 5,
  Published: '2026-01-02T00:00:00',
  Language: null,
};

const holds = (filter: string) =>
  evaluate(parseFilter(filter), {
    property: (name) => thing[name],
    compare: (property, left, right) =>
      property === 'Version' ? Number.parseFloat(String(left)) - Number.parseFloat(String(right)) : undefined,
  });

describe('filters', () => {
  test.for([
    'IsLatestVersion',
    'IsLatestVersion eq true',
    'not IsPrerelease',
    'not not IsLatestVersion',
    "Id eq 'O''Reilly.Tool'",
    "Id eq 'o''reilly.tool'",
    "tolower(Id) eq 'o''reilly.tool'",
    "toupper(Id) ne 'x'",
    "substringof('reilly',tolower(Id))",
    "startswith(Id, 'O')",
    "startswith(Id, 'o''re')",
    "endswith(Id, 'TOOL')",
    "substringof('REILLY', Id)",
    "endswith(tolower(Id),'tool') and IsLatestVersion",
    "(Tags ne null) and substringof(' b ',tolower(Tags))",
    "trim(Tags) eq 'a b'",
    'DownloadCount gt 4 and DownloadCount lt 6L and DownloadCount ge 5 and DownloadCount le 5',
    "Published gt datetime'2026-01-01T00:00:00'",
    "Published gt DateTime'2026-01-01'",
    "Published lt DATETIMEOFFSET'2026-01-03T00:00:00+02:00'",
    "indexof(tolower(Id),'tool') gt 0",
    "indexof(Id, 'x') eq -1",
    "substring(Id, 2, 6) eq 'reilly'",
    "substring(Id, 9) eq 'tool'",
    'length(Id) eq 13',
    "IsPrerelease or (Id eq 'x' or IsLatestVersion)",
    'IsPrerelease and IsPrerelease or IsLatestVersion',
    "Version eq '1.00'",
    'Language eq null',
  ])('match: %s', (filter) => expect(holds(filter)).toBe(true));

  test.for([
    'IsPrerelease',
    'not IsLatestVersion',
    "Id eq 'O'",
    'IsLatestVersion and IsPrerelease',
    'IsLatestVersion and (IsPrerelease or IsPrerelease)',
    "Version gt '1.0'",
    "Language gt 'a'",
    'DownloadCount eq true',
    'Language ne null',
  ])('do not match: %s', (filter) => expect(holds(filter)).toBe(false));

  test.for([
    ["Id eq 'unended", /is invalid at/],
    ['Id eq', /ends unexpectedly/],
    ['(IsLatestVersion', /"\)" is missing/],
    ['IsLatestVersion)', /unexpected text after its end/],
    ['Id eq )', /is invalid at "\)"/],
    ['eval(Id)', /uses the unsupported function "eval"/],
    ['startswith(Id)', /wrong number of parts for the function "startswith"/],
    ["tolower(Id, 'a') eq 'a'", /wrong number of parts/],
    ["Published gt datetime'yesterday'", /invalid time 'yesterday'/],
    ["Published gt DateTime'2026'", /invalid time '2026'/],
    ['constructor(Id)', /uses the unsupported function "constructor"/],
    ['Password eq null', /uses the unknown property "Password"/],
    ['Id; drop', /is invalid at/],
    ['', /ends unexpectedly/],
    ['('.repeat(60), /nested more than 50 levels deep/],
    ['a'.repeat(8001), /longer than 8000/],
    [Array(38).fill("Id eq 'a'").join(' or '), /more than 150 names/],
  ] as const)('are rejected: %s', ([filter, why]) => {
    expect(() => holds(filter)).toThrow(why);
    expect(() => holds(filter)).toThrow(UnreadableFilter);
  });

  test.for([
    ["Id eq 'A'", ['a']],
    ["tolower(Id) eq 'a' and IsLatestVersion", ['a']],
    ["((tolower(Id) eq 'a') or (tolower(Id) eq 'b')) and Version eq '1'", ['a', 'b']],
    ["'a' eq Id", ['a']],
    ["Id eq 'a' or IsLatestVersion", undefined],
    ["not (Id eq 'a')", undefined],
    ["Id ne 'a'", undefined],
    ["startswith(Id,'a')", undefined],
    ["substringof(Id,'a') eq 'a'", undefined],
    ['IsLatestVersion', undefined],
  ] as const)('limit the ids that can match: %s to %j', ([filter, ids]) => {
    const found = valuesIn(parseFilter(filter), 'Id');
    expect(found && [...found]).toEqual(ids);
  });
});

describe('orders', () => {
  const rows = [
    { Id: 'b', Count: 1 },
    { Id: 'A', Count: 1 },
    { Id: 'c', Count: 2 },
  ];
  const sorted = (text: string) =>
    orderBy(rows, text, (row, name) => (row as Record<string, FilterValue>)[name]).map(({ Id }) => Id);

  test.for([
    ['Id', ['A', 'b', 'c']],
    ['Id desc', ['c', 'b', 'A']],
    ['Count desc,Id asc', ['c', 'A', 'b']],
    ['Count', ['b', 'A', 'c']],
    ['concat(Title,Id),Id', ['A', 'b', 'c']],
    ['Nothing', ['b', 'A', 'c']],
    ['', ['b', 'A', 'c']],
  ] as const)('sort by %j', ([text, expected]) => expect(sorted(text)).toEqual(expected));

  test('sort by a property with a custom order', () => {
    const length = (name: string, left: FilterValue, right: FilterValue) =>
      name === 'Id' ? String(left).length - String(right).length : undefined;
    const things = [{ Id: 'ccc' }, { Id: 'b' }, { Id: 'aa' }];
    const ids = (text: string) => orderBy(things, text, ({ Id }) => Id, length).map(({ Id }) => Id);
    expect(ids('Id')).toEqual(['b', 'aa', 'ccc']);
    expect(ids('Id desc')).toEqual(['ccc', 'aa', 'b']);
    expect(ids('Other')).toEqual(['aa', 'b', 'ccc']);
  });
});

describe('literals', () => {
  test.for([
    ["'a'", 'a'],
    ["'O''Reilly'", "O'Reilly"],
    ['a', 'a'],
    ["''", ''],
    [" 'a b' ", 'a b'],
    ["'a", "'a"],
  ])('are unquoted: %j becomes %j', ([text, expected]) => expect(unquoted(text!)).toBe(expected));

  test('are read from the key of a call, together with its name', () => {
    const call = (text: string) => {
      const found = parseCall(text);
      return found && [found.name, Object.fromEntries(found.key)];
    };
    expect(call('Search()')).toEqual(['Search', {}]);
    expect(call('Packages')).toEqual(['Packages', {}]);
    expect(call("Packages(Id='O''R',Version='1.0')")).toEqual(['Packages', { Id: "O'R", Version: '1.0' }]);
    expect(call("Packages( Version = '1.0', Id='a,b' )")).toEqual([
      'Packages',
      { Id: 'a,b', Version: '1.0' },
    ]);
    expect(call('../x')).toBeUndefined();
    expect(call('Search(')).toBeUndefined();
    expect(call('Search()x')).toBeUndefined();
    expect(call('Search( )')).toEqual(['Search', {}]);
    expect(call('Search(%E0)')).toBeUndefined();
    expect(call('$metadata')).toBeUndefined();
  });
});
