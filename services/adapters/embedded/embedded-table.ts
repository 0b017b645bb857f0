import type { DatabaseSync } from 'node:sqlite';
import type { Item, Key, Table, Write } from '../../ports/table.ts';
import { checkKey, checkKeys, checkQuery, checkWrites, frozenItem, keyOf } from '../../ports/table-rules.ts';
import type { Committer } from './committer.ts';
import { itemCache } from './item-cache.ts';
import { type ItemTable, itemReader } from './item-rows.ts';

/** What a table of the database file is made of. */
export interface EmbeddedTableOptions {
  readonly name: ItemTable;
  readonly reader: DatabaseSync;
  readonly committer: Committer;
  /** About how much memory items that were read may take. */
  readonly cacheBytes: number;
}

/** A `Table` that can also remove the items whose time is over. */
export interface EmbeddedTable extends Table {
  /** Removes items that expired before `now` (milliseconds since the epoch). */
  sweep(now: number): Promise<void>;
}

/** How many expired items one transaction removes. */
const SWEEP = 500;

/**
 * A `Table` in a SQLite file that only this process writes to.
 *
 * Reads are answered from memory when they can be. An item gets into the cache only by being read from the
 * database, and its key is dropped from the cache when a write of it was committed, before the writer is told:
 * so what the cache holds is never older than the last write that was acknowledged.
 */
export function embeddedTable({ name, reader, committer, cacheBytes }: EmbeddedTableOptions): EmbeddedTable {
  const rows = itemReader(reader, name);
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
      return rows.page(query, checkQuery(query));
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

/** The operation with what it needs and no more: sending a view of bytes to another thread would send its buffer. */
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
