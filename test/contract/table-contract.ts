import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Condition,
  ConditionFailed,
  type Item,
  type Key,
  type Table,
  type Write,
} from '../../services/ports/table.ts';
import { aKey, bytesAsLists } from './table-items.ts';
import { indexCases, queryCases } from './table-query-cases.ts';

/** A table opened for the suite, and the function that closes it. */
export interface OpenedTable {
  readonly table: Table;
  close(): Promise<void>;
}

/** Checks every promise of the `Table` port. `open` is called once; tests use partitions of their own. */
export function describeTable(name: string, open: () => Promise<OpenedTable>): void {
  describe(`Table contract: ${name}`, () => {
    let opened: OpenedTable;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    const table = () => opened.table;
    describe('items', () => itemCases(table));
    describe('conditions', () => conditionCases(table));
    describe('transactions', () => transactionCases(table));
    describe('updates', () => updateCases(table));
    describe('concurrent writers', () => raceCases(table));
    describe('queries', () => queryCases(table));
    describe('indexes', () => indexCases(table));
    describe('limits', () => limitCases(table));
  });
}

type Opened = () => Table;

function itemCases(table: Opened): void {
  test('an item is read back equal to what was put', async () => {
    const item: Item = {
      ...aKey(),
      text: 'grüße 🎉 \u0000 "quoted" \\ line\n',
      empty: '',
      whole: 42,
      part: -0.1,
      large: Number.MAX_SAFE_INTEGER,
      tiny: 1e-100,
      yes: true,
      no: false,
      nothing: null,
      list: [1, 'two', [3, { four: null }], []],
      map: { a: { b: { c: [true] } }, empty: {}, 'odd name.#:': 1 },
      constructor: 'not a function',
      expiresAt: 4_000_000_000,
    };
    await table().write([{ put: item }]);
    expect(await table().get(item)).toStrictEqual(item);
    expect(await table().getMany([item])).toStrictEqual([item]);
    expect((await table().query({ pk: item.pk })).items).toStrictEqual([item]);
  });

  test.each([
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"name":"Set"}}',
    '{"a":[{"constructor":{"name":"Uint8Array","length":1}},{"b":{"constructor":"text","__proto__":[1]}}]}',
    '["__proto__","constructor"]',
  ])('special property names of JavaScript are plain data in a value: %s', async (json) => {
    const key = aKey();
    const value = JSON.parse(json);
    await table().write([{ put: { ...key, value, next: 1 } }]);
    const item = await table().get(key);
    expect(JSON.stringify(item?.value)).toBe(json);
    expect(item?.next).toBe(1);
    const updated = await table().update({ ...key, sk: 'updated' }, { set: { value } });
    expect(JSON.stringify(updated.value)).toBe(json);
    for (const { value: read } of (await table().query({ pk: key.pk })).items) {
      expect(JSON.stringify(read)).toBe(json);
    }
    const [again] = await table().getMany([key]);
    await table().write([{ put: again! }, { check: { pk: key.pk, sk: 'other' }, when: { exists: false } }]);
    expect(JSON.stringify((await table().get(key))?.value)).toBe(json);
  });

  test('an attribute named __proto__ is rejected', async () => {
    const key = aKey();
    const named = JSON.parse('{"__proto__":"x"}');
    const put = Object.fromEntries([...Object.entries(key), ['__proto__', 'x']]) as Item;
    await expect(table().write([{ put }])).rejects.toThrow('__proto__');
    await expect(table().write([{ update: key, set: named }])).rejects.toThrow('__proto__');
    await expect(table().update(key, { set: named })).rejects.toThrow('__proto__');
    await expect(table().update(key, { add: JSON.parse('{"__proto__":1}') })).rejects.toThrow('__proto__');
    expect(await table().get(key)).toBeUndefined();
  });

  test('bytes are read back as bytes', async () => {
    const all = new Uint8Array(256).map((_, index) => index);
    const item: Item = {
      ...aKey(),
      all,
      none: new Uint8Array(0),
      view: Buffer.from('xview').subarray(1),
      z: 'z',
    };
    await table().write([{ put: item }]);
    const expected = { ...item, view: new Uint8Array([118, 105, 101, 119]) };
    const [first] = (await table().query({ pk: item.pk })).items;
    for (const read of [await table().get(item), (await table().getMany([item]))[0], first]) {
      expect(bytesAsLists(read)).toStrictEqual(bytesAsLists(expected));
      expect(read?.all).toBeInstanceOf(Uint8Array);
    }
    const updated = await table().update(item, { set: { none: new Uint8Array([7]) } });
    expect(bytesAsLists(updated)).toStrictEqual(bytesAsLists({ ...expected, none: new Uint8Array([7]) }));
  });

  test('attributes set to undefined are left out', async () => {
    const key = aKey();
    await table().write([
      { put: { ...key, gone: undefined, index1pk: undefined, map: { gone: undefined, a: 1 } } },
    ]);
    expect(await table().get(key)).toStrictEqual({ ...key, map: { a: 1 } });
  });

  test('changing an object after it was put does not change the item', async () => {
    const key = aKey();
    const list = [1];
    const bytes = new Uint8Array([1]);
    const writing = table().write([{ put: { ...key, list, bytes } }]);
    await writing;
    list.push(2);
    bytes[0] = 9;
    const item = await table().get(key);
    expect(item?.list).toEqual([1]);
    expect([...(item!.bytes as Uint8Array)]).toEqual([1]);
  });

  test('a put replaces all attributes of an item', async () => {
    const key = aKey();
    await table().write([{ put: { ...key, a: 1, b: 2 } }]);
    await table().write([{ put: { ...key, b: 3 } }]);
    expect(await table().get(key)).toStrictEqual({ ...key, b: 3 });
  });

  test('an item that was never put, or was deleted, is undefined', async () => {
    const key = aKey();
    expect(await table().get(key)).toBeUndefined();
    await table().write([{ put: { ...key, a: 1 } }]);
    await table().write([{ delete: key }]);
    expect(await table().get(key)).toBeUndefined();
    await table().write([{ delete: key }]);
    expect((await table().query({ pk: key.pk })).items).toEqual([]);
  });

  test('getMany returns 100 items in the order of the keys, with gaps and repeats', async () => {
    const { pk } = aKey();
    const keys = Array.from({ length: 100 }, (_, index) => ({ pk, sk: `item ${index}` }));
    const present = keys.filter((_, index) => index % 3 !== 0);
    await table().write(present.map((key) => ({ put: { ...key, name: key.sk } })));
    const shuffled = keys.toSorted((a, b) =>
      a.sk.split('').reverse().join('') < b.sk.split('').reverse().join('') ? -1 : 1,
    );
    const expected = shuffled.map((key) => (present.includes(key) ? { ...key, name: key.sk } : undefined));
    expect(await table().getMany(shuffled)).toStrictEqual(expected);
    const one = { pk, sk: 'item 1', name: 'item 1' };
    expect(await table().getMany([one, { pk, sk: 'item 0' }, one])).toStrictEqual([one, undefined, one]);
    expect(await table().getMany([])).toEqual([]);
  });
}

function conditionCases(table: Opened): void {
  const present = { a: 1, text: 'x', nothing: null, yes: true };
  const cases: readonly [title: string, when: Condition, onPresent: boolean, onAbsent: boolean][] = [
    ['no condition', {}, true, true],
    ['exists', { exists: true }, true, false],
    ['does not exist', { exists: false }, false, true],
    ['equal number', { equals: { a: 1 } }, true, false],
    ['other number', { equals: { a: 2 } }, false, false],
    ['number against its text', { equals: { a: '1' } }, false, false],
    ['equal text', { equals: { text: 'x' } }, true, false],
    ['equal null', { equals: { nothing: null } }, true, false],
    ['null against an absent attribute', { equals: { other: null } }, false, false],
    ['equal boolean', { equals: { yes: true } }, true, false],
    ['other boolean', { equals: { yes: false } }, false, false],
    ['absent attribute', { equals: { other: undefined } }, true, true],
    ['attribute expected absent but present', { equals: { a: undefined } }, false, true],
    ['null attribute expected absent', { equals: { nothing: undefined } }, false, true],
    ['all of several', { exists: true, equals: { a: 1, text: 'x', other: undefined } }, true, false],
    ['all but one of several', { equals: { a: 1, text: 'y' } }, false, false],
    ['exists but with a wrong value', { exists: true, equals: { a: 5 } }, false, false],
    ['name of an inherited property', { equals: { toString: undefined } }, true, true],
    ['its own key', { equals: { sk: 'item' } }, true, false],
  ];
  const writes: readonly [kind: string, write: (key: Key, when: Condition) => Write][] = [
    ['put', (key, when) => ({ put: { ...key, new: 1 }, when })],
    ['delete', (key, when) => ({ delete: key, when })],
    ['check', (key, when) => ({ check: key, when })],
    ['update', (key, when) => ({ update: key, set: { new: 1 }, when })],
  ];
  for (const [kind, write] of writes) {
    test.each(cases)(
      `a ${kind} is applied only if its condition holds: %s`,
      async (_title, when, onPresent, onAbsent) => {
        const there = aKey();
        const absent = aKey();
        await table().write([{ put: { ...there, ...present } }]);
        await expectWrite(table(), write(there, when), onPresent);
        await expectWrite(table(), write(absent, when), onAbsent);
      },
    );
  }

  test('a check changes nothing', async () => {
    const key = aKey();
    await table().write([{ check: key, when: { exists: false } }]);
    expect(await table().get(key)).toBeUndefined();
    await table().write([{ put: { ...key, a: 1 } }]);
    await table().write([{ check: key, when: { exists: true } }]);
    expect(await table().get(key)).toStrictEqual({ ...key, a: 1 });
  });

  test('update throws ConditionFailed with operation 0 and writes nothing', async () => {
    const key = aKey();
    const failing = table().update(key, { add: { n: 1 } }, { exists: true });
    await expect(failing).rejects.toThrow(ConditionFailed);
    await expect(failing).rejects.toMatchObject({ operation: 0 });
    expect(await table().get(key)).toBeUndefined();
  });
}

function transactionCases(table: Opened): void {
  test('puts, deletes, checks and updates of one write are applied together', async () => {
    const { pk } = aKey();
    const key = (sk: string): Key => ({ pk, sk });
    await table().write([{ put: { ...key('old'), a: 1 } }, { put: { ...key('head'), revision: 1 } }]);
    await table().write([
      { put: { ...key('new'), a: 2 }, when: { exists: false } },
      { delete: key('old'), when: { exists: true } },
      { check: key('other'), when: { exists: false } },
      {
        update: key('head'),
        add: { revision: 1 },
        set: { latest: 'new' },
        when: { equals: { revision: 1 } },
      },
      { update: key('made'), add: { n: 3 } },
    ]);
    expect((await table().query({ pk })).items).toStrictEqual([
      { ...key('head'), revision: 2, latest: 'new' },
      { ...key('made'), n: 3 },
      { ...key('new'), a: 2 },
    ]);
  });

  test('100 operations are applied together', async () => {
    const { pk } = aKey();
    const writes = Array.from(
      { length: 100 },
      (_, n): Write => ({ put: { pk, sk: String(n).padStart(3, '0'), n } }),
    );
    await table().write(writes);
    const { items, more } = await table().query({ pk });
    expect(items.map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(more).toBe(false);
  });

  test.each([0, 1, 57, 99])(
    'a failed condition %i of 100 is reported by its number, and nothing is written',
    async (bad) => {
      const { pk } = aKey();
      const writes = Array.from({ length: 100 }, (_, n): Write => {
        return { put: { pk, sk: `item ${n}` }, when: { exists: n === bad } };
      });
      await expect(table().write(writes)).rejects.toMatchObject({ name: 'ConditionFailed', operation: bad });
      expect((await table().query({ pk })).items).toEqual([]);
    },
  );

  test('the first of several failed conditions is reported', async () => {
    const { pk } = aKey();
    const writes: Write[] = [
      { put: { pk, sk: 'a' } },
      { check: { pk, sk: 'b' }, when: { exists: true } },
      { delete: { pk, sk: 'c' }, when: { exists: true } },
    ];
    const failing = table().write(writes);
    await expect(failing).rejects.toBeInstanceOf(ConditionFailed);
    await expect(failing).rejects.toMatchObject({ operation: 1 });
  });

  test('a write after a failed one succeeds', async () => {
    const key = aKey();
    await expect(table().write([{ put: { ...key }, when: { exists: true } }])).rejects.toThrow(
      ConditionFailed,
    );
    await table().write([{ put: { ...key, a: 1 }, when: { exists: false } }]);
    expect(await table().get(key)).toStrictEqual({ ...key, a: 1 });
  });

  test('an empty write succeeds', async () => {
    await table().write([]);
  });

  const kinds: readonly [string, (key: Key) => Write][] = [
    ['put', (key) => ({ put: { ...key } })],
    ['delete', (key) => ({ delete: key })],
    ['check', (key) => ({ check: key, when: { exists: false } })],
    ['update', (key) => ({ update: key, add: { n: 1 } })],
  ];
  test.each(kinds)('a put and a %s of the same item in one write are rejected', async (_kind, second) => {
    const key = aKey();
    const other = { ...key, sk: 'other' };
    const failing = table().write([{ put: { ...other } }, { put: { ...key } }, second({ ...key })]);
    await expect(failing).rejects.toThrow();
    await expect(failing).rejects.not.toBeInstanceOf(ConditionFailed);
    expect((await table().query({ pk: key.pk })).items).toEqual([]);
  });
}

function updateCases(table: Opened): void {
  test('an update creates an absent item and returns it', async () => {
    const key = aKey();
    const item = await table().update(key, { set: { a: 'x', gone: undefined }, add: { n: 2 } });
    expect(item).toStrictEqual({ ...key, a: 'x', n: 2 });
    expect(await table().get(key)).toStrictEqual(item);
  });

  test('an update without changes creates an item of its key alone', async () => {
    const key = aKey();
    expect(await table().update(key, {})).toStrictEqual({ ...key });
    expect(await table().get(key)).toStrictEqual({ ...key });
  });

  test('set overwrites and removes attributes, add adds to them, and others stay', async () => {
    const key = aKey();
    await table().write([{ put: { ...key, a: 1, b: [1], n: 10, rest: 'stays', map: { x: 1, y: 2 } } }]);
    const item = await table().update(key, {
      set: { a: undefined, b: { c: 'new' }, map: { x: 3, z: undefined } },
      add: { n: -3, m: 0.5 },
    });
    expect(item).toStrictEqual({ ...key, b: { c: 'new' }, n: 7, m: 0.5, rest: 'stays', map: { x: 3 } });
    expect(await table().get(key)).toStrictEqual(item);
  });

  test('attribute names may contain punctuation and be reserved words', async () => {
    const key = aKey();
    const set = { 'a.b': 1, 'c[0]': 2, '#d': 3, ':e': 4, size: 5, name: 6, 'f g': 7, é: 8 };
    expect(await table().update(key, { set, add: { count: 1 } })).toStrictEqual({ ...key, ...set, count: 1 });
    expect(await table().update(key, { add: { 'a.b': 1 } }, { equals: set })).toMatchObject({ 'a.b': 2 });
  });

  test('adding to a value that is not a number is rejected and changes nothing', async () => {
    const key = aKey();
    await table().write([{ put: { ...key, n: 'text' } }]);
    await expect(table().update(key, { add: { n: 1 } })).rejects.toThrow();
    const other = { ...key, sk: 'other' };
    await expect(table().write([{ put: { ...other } }, { update: key, add: { n: 1 } }])).rejects.toThrow();
    expect((await table().query({ pk: key.pk })).items).toStrictEqual([{ ...key, n: 'text' }]);
  });

  test('the key cannot be set, and an attribute cannot be both set and added to', async () => {
    const key = aKey();
    await expect(table().update(key, { set: { pk: 'other' } })).rejects.toThrow();
    await expect(table().update(key, { set: { sk: 'other' } })).rejects.toThrow();
    await expect(table().update(key, { set: { n: 1 }, add: { n: 1 } })).rejects.toThrow();
    expect(await table().get(key)).toBeUndefined();
  });
}

function raceCases(table: Opened): void {
  test('100 concurrent adds add up, and each returns its own sum', async () => {
    const key = aKey();
    const sums = await Promise.all(Array.from({ length: 100 }, () => table().update(key, { add: { n: 1 } })));
    expect(sums.map(({ n }) => n).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    expect(await table().get(key)).toStrictEqual({ ...key, n: 100 });
  });

  test('exactly one of 50 concurrent puts that require an absent item succeeds', async () => {
    const key = aKey();
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => table().write([{ put: { ...key, n }, when: { exists: false } }])),
    );
    const won = results.flatMap((result, n) => (result.status === 'fulfilled' ? [n] : []));
    expect(won).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConditionFailed);
    }
    expect(await table().get(key)).toStrictEqual({ ...key, n: won[0] });
  });

  test('concurrent transactions on overlapping items are each applied completely', async () => {
    const { pk } = aKey();
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => {
        const [first, second] = [names[n % 5]!, names[(n + 1 + (n % 3)) % 5]!];
        return table().write([
          { update: { pk, sk: first }, add: { n: 1 } },
          { update: { pk, sk: second }, add: { n: -1 } },
          { put: { pk, sk: `log ${n}` }, when: { exists: false } },
          { update: { pk, sk: 'total' }, add: { writes: 1 } },
        ]);
      }),
    );
    const { items } = await table().query({ pk });
    expect(items.filter(({ sk }) => sk.startsWith('log'))).toHaveLength(40);
    expect(items.find(({ sk }) => sk === 'total')?.writes).toBe(40);
    expect(items.reduce((sum, item) => sum + Number(item.n ?? 0), 0)).toBe(0);
  });

  test('concurrent reads with conditional writes of the changed item lose no change', async () => {
    const key = aKey();
    await table().write([{ put: { ...key, n: 0 } }]);
    async function increment(): Promise<void> {
      const item = await table().get(key);
      try {
        await table().write([
          { put: { ...key, n: Number(item?.n) + 1 }, when: { equals: { n: item?.n as number } } },
        ]);
      } catch (error) {
        expect(error).toBeInstanceOf(ConditionFailed);
        await increment();
      }
    }
    await Promise.all(Array.from({ length: 10 }, increment));
    expect(await table().get(key)).toStrictEqual({ ...key, n: 10 });
  });

  test('a read never returns less than what was acknowledged before it began', async () => {
    const key = aKey();
    let acknowledged = 0;
    let writing = true;
    async function write(): Promise<void> {
      for (let n = 0; n < 25; n++) {
        const item = await table().update(key, { add: { n: 1 } });
        acknowledged = Math.max(acknowledged, Number(item.n));
      }
    }
    async function read(): Promise<void> {
      for (let last = 0; writing; ) {
        const least = Math.max(acknowledged, last);
        const item = await table().get(key);
        last = Number(item?.n ?? 0);
        expect(last).toBeGreaterThanOrEqual(least);
        await new Promise(setImmediate);
      }
    }
    const readers = [read(), read()];
    await Promise.all([write(), write(), write(), write()]).finally(() => {
      writing = false;
    });
    await Promise.all(readers);
    expect(acknowledged).toBe(100);
  });

  test('get, getMany and query see every write that came before them', async () => {
    const key = aKey();
    for (let n = 1; n <= 20; n++) {
      await (n % 2 ? table().write([{ put: { ...key, n } }]) : table().update(key, { set: { n } }));
      const reads = [
        await table().get(key),
        (await table().getMany([key]))[0],
        (await table().query({ pk: key.pk })).items[0],
      ];
      expect(reads.map((item) => item?.n)).toEqual([n, n, n]);
    }
    await table().write([{ delete: key }]);
    expect([await table().get(key), ...(await table().query({ pk: key.pk })).items]).toEqual([undefined]);
  });
}

function limitCases(table: Opened): void {
  test('an item of 380 KB is stored, by put and by update', async () => {
    const key = aKey();
    const text = 'ü'.repeat(190 * 1024);
    await table().write([{ put: { ...key, text } }]);
    expect((await table().get(key))?.text).toBe(text);
    const bytes = new Uint8Array(380 * 1024).fill(7);
    await table().update(key, { set: { text: undefined, bytes } });
    expect(Buffer.compare((await table().get(key))?.bytes as Uint8Array, bytes)).toBe(0);
  });

  test('an item of more than 400 KB is rejected with a clear error', async () => {
    const key = aKey();
    const text = 'x'.repeat(401 * 1024);
    await expect(table().write([{ put: { ...key, text } }])).rejects.toThrow(/400 KB|size/i);
    await expect(table().write([{ put: { ...key, bytes: Buffer.from(text) } }])).rejects.toThrow(
      /400 KB|size/i,
    );
    await expect(table().update(key, { set: { text } })).rejects.toThrow(/400 KB|size/i);
    expect(await table().get(key)).toBeUndefined();
  });

  test('an update that makes an item outgrow 400 KB is rejected and changes nothing', async () => {
    const key = aKey();
    await table().write([{ put: { ...key, first: 'x'.repeat(300 * 1024) } }]);
    await expect(table().update(key, { set: { second: 'x'.repeat(150 * 1024) } })).rejects.toThrow(
      /400 KB|size/i,
    );
    const both: Write[] = [
      { put: { ...key, sk: 'other' } },
      { update: key, set: { second: 'x'.repeat(150 * 1024) } },
    ];
    await expect(table().write(both)).rejects.toThrow(/400 KB|size/i);
    const { items } = await table().query({ pk: key.pk });
    expect(items.map((item) => [item.sk, 'second' in item])).toEqual([['item', false]]);
  });

  test('keys of 1,024 bytes are accepted, and empty or longer ones are rejected', async () => {
    const long = 'ü'.repeat(512 - 18);
    const key = { pk: `${randomUUID()}${long}`, sk: 'ü'.repeat(512) };
    await table().write([{ put: { ...key, index1pk: key.pk, index1sk: key.sk } }]);
    expect(await table().get(key)).toStrictEqual({ ...key, index1pk: key.pk, index1sk: key.sk });
    for (const bad of ['', 'ü'.repeat(513)]) {
      await expect(table().write([{ put: { pk: 'p', sk: bad } }])).rejects.toThrow();
      await expect(table().write([{ put: { pk: bad, sk: 's' } }])).rejects.toThrow();
      await expect(table().write([{ put: { ...aKey(), index1pk: bad, index1sk: 's' } }])).rejects.toThrow();
      await expect(table().get({ pk: 'p', sk: bad })).rejects.toThrow();
      await expect(table().update({ pk: 'p', sk: bad }, {})).rejects.toThrow();
    }
  });

  test('queries start with, or after, at most 1,024 bytes', async () => {
    const { pk } = aKey();
    const [longest, tooLong] = ['ü'.repeat(512), 'ü'.repeat(513)];
    expect((await table().query({ pk, prefix: longest, after: longest })).items).toEqual([]);
    await expect(table().query({ pk, prefix: tooLong })).rejects.toThrow();
    await expect(table().query({ pk, after: tooLong })).rejects.toThrow();
  });

  test('101 operations, 101 keys and limits outside 1 to 1,000 are rejected', async () => {
    const { pk } = aKey();
    const keys = Array.from({ length: 101 }, (_, n) => ({ pk, sk: `item ${n}` }));
    await expect(table().write(keys.map((key) => ({ put: { ...key } })))).rejects.toThrow();
    await expect(table().getMany(keys)).rejects.toThrow();
    for (const limit of [0, -1, 1.5, 1001]) await expect(table().query({ pk, limit })).rejects.toThrow();
    expect((await table().query({ pk })).items).toEqual([]);
  });

  test('a write of more than 4 MB is rejected', async () => {
    const { pk } = aKey();
    const text = 'x'.repeat(390 * 1024);
    const writes = Array.from({ length: 11 }, (_, n): Write => ({ put: { pk, sk: `item ${n}`, text } }));
    await expect(table().write(writes)).rejects.toThrow();
    expect((await table().query({ pk })).items).toEqual([]);
  });

  test.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a date', new Date(0)],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['bytes inside a list', [new Uint8Array(1)]],
    ['a set', new Set([1])],
  ])('%s is rejected', async (_name, value) => {
    const key = aKey();
    await expect(table().write([{ put: { ...key, value: value as never } }])).rejects.toThrow();
    expect(await table().get(key)).toBeUndefined();
  });
}

async function expectWrite(table: Table, write: Write, holds: boolean): Promise<void> {
  if (holds) {
    await table.write([write]);
  } else {
    const failing = table.write([write]);
    await expect(failing).rejects.toThrow(ConditionFailed);
    await expect(failing).rejects.toMatchObject({ operation: 0 });
  }
}
