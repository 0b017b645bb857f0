import type { Item, Query, TableReader } from '../../ports/table.ts';
import { MAX_PAGE } from '../../ports/table-rules.ts';

/** Reads a range page by page. */
export async function* queryPages(table: TableReader, query: Query): AsyncGenerator<readonly Item[]> {
  for (let after = query.after; ; ) {
    const page = await table.query(after === undefined ? query : { ...query, after });
    yield page.items;
    const last = page.items.at(-1);
    if (!page.more || last === undefined) return;
    after = sortKeyOf(query, last);
  }
}

/**
 * Reads a range page by page, for a reader that may need only a few items: at first `atOnce` of them, then twice as
 * many each time.
 */
export async function* queryGrowing(
  table: TableReader,
  query: Query,
  atOnce: number,
): AsyncGenerator<readonly Item[]> {
  let limit = Math.max(1, Math.min(atOnce, MAX_PAGE));
  for (let after = query.after; ; limit = Math.min(2 * limit, MAX_PAGE)) {
    const page = await table.query({ ...query, limit, ...(after !== undefined && { after }) });
    yield page.items;
    const last = page.items.at(-1);
    if (!page.more || last === undefined) return;
    after = sortKeyOf(query, last);
  }
}

/** Reads every item of a range. Only for ranges of one package or owner, never for a whole instance. */
export async function queryAll(table: TableReader, query: Query): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of queryPages(table, query)) items.push(...page);
  return items;
}

/** The sort key of an item in the range of a query. */
function sortKeyOf({ index }: Query, item: Item): string {
  return String(index === undefined ? item.sk : item[`${index}sk`]);
}
