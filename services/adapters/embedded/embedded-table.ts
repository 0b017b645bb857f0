import type { Item, Key, Table, Write } from '../../ports/table.ts';
import { checkKey, checkKeys, checkQuery, checkWrites, frozenItem, keyOf } from '../../ports/table-rules.ts';
import type { Committer } from './committer.ts';
import type { Reader } from './database.ts';
import { givingWay } from './give-way.ts';
import { itemCache } from './item-cache.ts';
import { type ItemTable, itemReader } from './item-rows.ts';

/** The parts of a table in the database file. */
export interface EmbeddedTableOptions {
  readonly name: ItemTable;
  readonly reader: Reader;
  readonly committer: Committer;
  /** The approximate memory for cached items, in bytes. */
  readonly cacheBytes: number;
  /** How many milliseconds queries may hold the event loop; by default 3. */
  readonly longestTurn?: number;
}

/** A `Table` that can also delete expired items. */
export interface EmbeddedTable extends Table {
  /** Deletes items that expired before `now` (milliseconds since the epoch). */
  sweep(now: number): Promise<void>;
}

/** How many rows a query reads without giving way to other work, and how long queries may take in one turn. */
const ROWS_AT_ONCE = 100;
const LONGEST_TURN = 3;

/** How many expired items one transaction deletes. */
const SWEEP = 500;

/**
 * A `Table` in a SQLite file that only this process writes to.
 *
 * Reads are served from a cache if possible. An item enters the cache only when it is read from the database, and
 * its key is dropped when a write of it is committed, before the write is acknowledged: so the cache is never
 * older than the last acknowledged write.
 */
export function embeddedTable({
  name,
  reader,
  committer,
  cacheBytes,
  longestTurn = LONGEST_TURN,
}: EmbeddedTableOptions): EmbeddedTable {
  const rows = itemReader(reader, name);
  const giveWay = givingWay(longestTurn);
  const cache = itemCache(cacheBytes);

  function find(key: Key): Item | undefined {
    const cached = cache.get(key);
    if (cached) return cached.item;
    const found = rows.find(key);
    const item = found && frozenItem(found.item);
    cache.set(key, item, found?.bytes ?? 0);
    return item;
  }

  async function commit(operations: readonly Write[]): Promise<unknown> {
    checkWrites(operations);
    if (operations.length === 0) return undefined;
    try {
      return await committer.commit({ table: name, operations: operations.map(detached) });
    } finally {
      for (const write of operations) cache.delete(keyOf(write));
    }
  }

  return {
    async get(key) {
      checkKey(key);
      return find(key);
    },
    async getMany(keys) {
      checkKeys(keys);
      return keys.map(find);
    },
    async query(query) {
      const limit = checkQuery(query);
      const items: Item[] = [];
      for (let rest = query; ; ) {
        await giveWay();
        const page = rows.page(rest, Math.min(limit - items.length, ROWS_AT_ONCE));
        items.push(...page.items);
        const last = items.at(-1);
        if (!page.more || !last || items.length === limit) return { items, more: page.more };
        rest = { ...query, after: String(query.index ? last[`${query.index}sk`] : last.sk) };
      }
    },
    async write(operations) {
      await commit(operations);
    },
    async update(key, changes, when) {
      return (await commit([{ ...changes, update: key, ...(when && { when }) }])) as Item;
    },
    async sweep(now) {
      const sql = `DELETE FROM ${name} WHERE id IN
        (SELECT id FROM ${name} WHERE expires_at < ? LIMIT ${SWEEP}) RETURNING pk, sk`;
      for (let swept = SWEEP; swept === SWEEP; ) {
        const gone = await committer.commit({ statements: [{ sql, values: [now / 1000] }] });
        for (const key of gone as Key[]) cache.delete(key);
        swept = (gone as Key[]).length;
      }
    },
  };
}

/**
 * Copies the operation with only what is needed: sending a view of bytes to another thread would copy its whole
 * buffer.
 */
function detached(write: Write): Write {
  const when = write.when && { when: write.when };
  const { pk, sk } = keyOf(write);
  if ('put' in write) return { put: frozenItem(write.put), ...when };
  if ('delete' in write) return { delete: { pk, sk }, ...when };
  if ('check' in write) return { check: { pk, sk }, when: write.when };
  const set = Object.entries(write.set ?? {}).map(([attribute, value]) => [
    attribute,
    value instanceof Uint8Array ? new Uint8Array(value) : value,
  ]);
  return { update: { pk, sk }, set: Object.fromEntries(set), add: { ...write.add }, ...when };
}
