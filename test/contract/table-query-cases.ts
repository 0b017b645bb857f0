import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Item, Query, Table } from '../../services/ports/table.ts';
import { aKey, bytesAsLists } from './table-items.ts';

type Opened = () => Table;

/** Checks the promises of `query` over a partition. */
export function queryCases(table: Opened): void {
  const sorted = [
    '!',
    'a',
    'a!',
    'a#1',
    'a#10',
    'a#2',
    'a~',
    'b',
    'ba',
    'é',
    'éa',
    '\u{e000}',
    '\u{ffee}',
    '🎉',
    '🎉x',
    '\u{10ffff}',
  ];
  let pk: string;
  beforeAll(async () => {
    pk = aKey().pk;
    await table().write(sorted.toReversed().map((sk) => ({ put: { pk, sk, name: sk } })));
    await table().write([{ put: { pk: `${pk}x`, sk: 'a' } }, { put: { pk: pk.slice(0, -1), sk: 'a' } }]);
  });

  async function keys(query: Omit<Query, 'pk'>): Promise<{ keys: string[]; more: boolean }> {
    const { items, more } = await table().query({ pk, ...query });
    return { keys: items.map(({ sk }) => sk), more };
  }

  test('returns a partition in the order of the UTF-8 bytes of its sort keys', async () => {
    expect(await keys({})).toEqual({ keys: sorted, more: false });
    expect(await keys({ reverse: true })).toEqual({ keys: sorted.toReversed(), more: false });
  });

  test('returns nothing for an unknown partition', async () => {
    expect(await table().query({ pk: aKey().pk })).toEqual({ items: [], more: false });
  });

  test.each(['a', 'a#', 'a#1', 'b', 'é', '🎉', '\u{e000}', '\u{10ffff}', 'c', ''])(
    'finds the sort keys with the prefix %j',
    async (prefix) => {
      const expected = sorted.filter((sk) => sk.startsWith(prefix));
      expect(await keys({ prefix })).toEqual({ keys: expected, more: false });
      expect(await keys({ prefix, reverse: true })).toEqual({ keys: expected.toReversed(), more: false });
    },
  );

  test.each([...sorted, '0', 'a#15', '\u{ffff}', 'zz'])(
    'starts after %j, in both directions',
    async (after) => {
      const bytes = Buffer.from(after);
      const greater = sorted.filter((sk) => Buffer.compare(Buffer.from(sk), bytes) > 0);
      const smaller = sorted.filter((sk) => Buffer.compare(Buffer.from(sk), bytes) < 0).toReversed();
      expect(await keys({ after })).toEqual({ keys: greater, more: false });
      expect(await keys({ after, reverse: true })).toEqual({ keys: smaller, more: false });
      const within = (list: string[]) => list.filter((sk) => sk.startsWith('a'));
      expect(await keys({ after, prefix: 'a' })).toEqual({ keys: within(greater), more: false });
      expect(await keys({ after, prefix: 'a', reverse: true })).toEqual({
        keys: within(smaller),
        more: false,
      });
    },
  );

  test.each([1, 2, 3, 5, 7, 15, 16, 17, 1000])(
    'returns everything in pages of %i, in both directions',
    async (limit) => {
      for (const reverse of [false, true]) {
        for (const prefix of ['', 'a']) {
          const expected = sorted.filter((sk) => sk.startsWith(prefix));
          if (reverse) expected.reverse();
          const pages = await allPages(table(), { pk, prefix, reverse, limit });
          expect(pages.flat()).toEqual(expected);
          expect(pages.every((page) => page.length <= limit)).toBe(true);
          expect(pages).toHaveLength(Math.ceil(expected.length / limit));
        }
      }
    },
  );

  test('returns 2,500 items in pages when no limit is given', async () => {
    const { pk: big } = aKey();
    const all = Array.from({ length: 2500 }, (_, n) => String(n).padStart(5, '0'));
    for (let at = 0; at < all.length; at += 100) {
      await table().write(all.slice(at, at + 100).map((sk) => ({ put: { pk: big, sk } })));
    }
    const pages = await allPages(table(), { pk: big });
    expect(pages.every((page) => page.length <= 1000)).toBe(true);
    expect(pages.flat()).toEqual(all);
  });

  test('returns large items in pages without losing any', async () => {
    const { pk: big } = aKey();
    const text = 'x'.repeat(300_000);
    for (let n = 0; n < 12; n++)
      await table().write([{ put: { pk: big, sk: `item ${String(n).padStart(2, '0')}`, text } }]);
    expect((await allPages(table(), { pk: big })).flat()).toHaveLength(12);
    expect((await allPages(table(), { pk: big, reverse: true, limit: 5 })).flat()).toHaveLength(12);
  });
}

/** Checks the promises of `query` over an index. */
export function indexCases(table: Opened): void {
  describe.each(['index1', 'index2'] as const)('%s', (index) => {
    const other = index === 'index1' ? 'index2' : 'index1';
    const indexed = (pk: string, sk: string): Partial<Item> => ({ [`${index}pk`]: pk, [`${index}sk`]: sk });

    test('finds items of many partitions in index order, in both directions and in pages', async () => {
      const group = randomUUID();
      const names = Array.from({ length: 30 }, (_, n) => `name ${String(n).padStart(2, '0')}`);
      await table().write(
        names.toReversed().map((name) => ({
          put: {
            ...aKey(),
            ...indexed(group, name),
            [`${other}pk`]: group,
            [`${other}sk`]: `z${name}`,
            name,
          },
        })),
      );
      await settled(table(), { index, pk: group }, 30);
      for (const reverse of [false, true]) {
        for (const limit of [1, 7, 30, 100]) {
          const pages = await allPages(table(), { index, pk: group, reverse, limit });
          expect(pages.flat()).toEqual(reverse ? names.toReversed() : names);
          expect(pages.every((page) => page.length <= limit)).toBe(true);
        }
      }
      const { items } = await table().query({ index, pk: group, prefix: 'name 1', after: 'name 12' });
      expect(items.map((item) => item.name)).toEqual(names.slice(13, 20));
      const { items: back } = await table().query({
        index,
        pk: group,
        prefix: 'name 1',
        after: 'name 12',
        reverse: true,
        limit: 1,
      });
      expect(back.map((item) => item.name)).toEqual(['name 11']);
    });

    test('returns items with all their attributes', async () => {
      const item: Item = {
        ...aKey(),
        ...indexed(randomUUID(), 'name'),
        list: [1],
        bytes: new Uint8Array([1, 2]),
        map: { a: 1 },
      };
      await table().write([{ put: item }]);
      const [found] = await settled(table(), { index, pk: item[`${index}pk`]! }, 1);
      expect(bytesAsLists(found)).toStrictEqual(bytesAsLists(item));
    });

    test('follows an item whose index key changes, is removed or is deleted with it', async () => {
      const [first, second] = [randomUUID(), randomUUID()];
      const key = aKey();
      await table().write([{ put: { ...key, ...indexed(first, 'name') } }]);
      await settled(table(), { index, pk: first }, 1);
      await table().update(key, { set: indexed(second, 'new name') });
      await settled(table(), { index, pk: first }, 0);
      expect(await settled(table(), { index, pk: second }, 1)).toStrictEqual([
        { ...key, ...indexed(second, 'new name') },
      ]);
      await table().update(key, { set: { [`${index}sk`]: undefined } });
      await settled(table(), { index, pk: second }, 0);
      await table().write([{ put: { ...key, ...indexed(first, 'name') } }]);
      await settled(table(), { index, pk: first }, 1);
      await table().write([{ delete: key }]);
      await settled(table(), { index, pk: first }, 0);
    });
  });
}

/** Pages of the query, as lists of sort keys, of its index if it has one, until there are no more. */
async function allPages(table: Table, query: Query): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after = query.after, more = true; more; ) {
    const page = await table.query({ ...query, ...(after !== undefined && { after }) });
    const keys = page.items.map((item) => String(query.index ? item[`${query.index}sk`] : item.sk));
    pages.push(keys);
    more = page.more;
    after = keys.at(-1) ?? after;
    if (more) expect(keys).not.toEqual([]);
  }
  return pages;
}

/** The items of an index query, once there are as many as expected: indexes may lag. */
async function settled(table: Table, query: Query, count: number): Promise<readonly Item[]> {
  return vi.waitFor(
    async () => {
      const { items } = await table.query(query);
      expect(items).toHaveLength(count);
      return items;
    },
    { timeout: 15_000, interval: 20 },
  );
}
