import type { Item, Query, TableReader } from '../../ports/table.ts';

/** Reads a range page by page. */
export async function* queryPages(table: TableReader, query: Query): AsyncGenerator<readonly Item[]> {
  const sortKey = query.index === undefined ? 'sk' : (`${query.index}sk` as const);
  for (let after = query.after; ; ) {
    const page = await table.query(after === undefined ? query : { ...query, after });
    yield page.items;
    const last = page.items.at(-1)?.[sortKey];
    if (!page.more || last === undefined) return;
    after = String(last);
  }
}

/** Reads every item of a range. Only for ranges of one package or owner, never for a whole instance. */
export async function queryAll(table: TableReader, query: Query): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of queryPages(table, query)) items.push(...page);
  return items;
}
