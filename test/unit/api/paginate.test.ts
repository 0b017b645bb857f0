import { describe, expect, test } from 'vitest';
import { type Paging, pageOf, rowsById, sortedRows } from '../../../services/api/paginate.ts';
import type { ApiContext } from '../../../services/api/request.ts';

const context = {
  req: { url: 'http://registry.test/api/v4/things' },
  env: { registry: { settings: { url: 'http://registry.test' } } },
} as unknown as ApiContext;

const asked: Paging = { page: 1, per_page: 20, pagination: 'offset' };

/** Things with ids from 1, and how many of them were read. */
function things(count: number) {
  const read = { rows: 0, first: [] as number[] };
  const rows = (params: Paging, descending = false) =>
    rowsById(
      params,
      descending,
      ({ id }: { id: number }) => id,
      async function* ({ after, atOnce }) {
        read.first.push(atOnce);
        for (let id = (after ?? (descending ? count + 1 : 0)) + (descending ? -1 : 1); ; ) {
          if (id < 1 || id > count) return;
          read.rows++;
          yield { id };
          id += descending ? -1 : 1;
        }
      },
    );
  return { rows, read };
}

describe('a page by number', () => {
  test('has a total of up to 10,000 rows', async () => {
    const { rows } = things(10_000);
    const { headers } = await pageOf(context, asked, rows(asked));
    expect(headers['x-total']).toBe('10000');
    expect(headers['x-total-pages']).toBe('500');
  });

  test('has no total of more rows, and reads at most one more', async () => {
    const { rows, read } = things(50_000);
    const page = await pageOf(context, asked, rows(asked));
    expect(page.headers['x-total']).toBeUndefined();
    expect(page.headers['x-next-page']).toBe('2');
    expect(page.headers.link).not.toContain('last');
    expect(read.rows).toBe(10_001);
  });

  test('after the rows that are counted reads up to its end', async () => {
    const { rows, read } = things(50_000);
    const params = { ...asked, page: 1000 };
    const page = await pageOf(context, params, rows(params));
    expect(page.rows.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => 19_981 + n));
    expect(read.rows).toBe(20_001);
  });

  test('has only rows between the given ids', async () => {
    const { rows } = things(50);
    const params = { ...asked, id_after: 10, id_before: 13 };
    const page = await pageOf(context, params, rows(params));
    expect(page.rows.map(({ id }) => id)).toEqual([11, 12]);
    expect(page.headers['x-total']).toBe('2');
  });
});

describe('a page by position', () => {
  test.each([false, true])('reads one row more than it shows (descending: %s)', async (descending) => {
    const { rows, read } = things(50_000);
    let params: Paging = { ...asked, pagination: 'keyset' };
    const seen: number[] = [];
    for (let page = 0; page < 3; page++) {
      const found = await pageOf(context, params, rows(params, descending));
      seen.push(...found.rows.map(({ id }) => id));
      const cursor = /cursor=([^&>]*)/.exec(String(found.headers.link))?.[1];
      params = { ...params, cursor };
    }
    const expected = Array.from({ length: 60 }, (_, n) => (descending ? 50_000 - n : n + 1));
    expect(seen).toEqual(expected);
    expect(read.rows).toBe(63);
    expect(read.first).toEqual([21, 21, 21]);
  });
});

test('refuses to sort more than 10,000 rows, and says what helps', async () => {
  const order = { by: ({ id }: { id: number }) => id % 7, id: ({ id }: { id: number }) => id };
  const rows = (count: number) =>
    sortedRows(
      Array.from({ length: count }, (_, id) => ({ id })),
      { ...order, descending: false },
    );
  const page = await pageOf(context, asked, rows(10_000));
  expect(page.rows.slice(0, 2)).toEqual([{ id: 0 }, { id: 7 }]);
  await expect(pageOf(context, asked, rows(10_001))).rejects.toThrow(
    "more than 10000 results can't be sorted like this; use filters or another order_by",
  );
});
