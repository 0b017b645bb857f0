import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Item, Key, Page, Query } from '../../ports/table.ts';
import { compareUtf8, indexKey } from '../../ports/table-rules.ts';
import type { Reader } from './database.ts';
import { unlessBusy } from './database-busy.ts';

/** The item tables in the database file. */
export type ItemTable = 'registry' | 'audit';

/**
 * The schema of an item table. An item is JSON text, so that any tool can read it, except for its bytes: those are
 * concatenated in `bytes`, and `layout` is the JSON of their names and lengths. A plain rowid table keeps large
 * rows out of the index in which keys are looked up.
 */
export function itemSchema(table: ItemTable): string {
  return `
    CREATE TABLE IF NOT EXISTS ${table} (
      id INTEGER PRIMARY KEY, pk TEXT NOT NULL, sk TEXT NOT NULL,
      index1pk TEXT, index1sk TEXT, index2pk TEXT, index2sk TEXT, expires_at REAL,
      json TEXT NOT NULL, layout TEXT, bytes BLOB
    );
    CREATE UNIQUE INDEX IF NOT EXISTS ${table}_key ON ${table} (pk, sk);
    CREATE INDEX IF NOT EXISTS ${table}_index1 ON ${table} (index1pk, index1sk) WHERE index1pk IS NOT NULL;
    CREATE INDEX IF NOT EXISTS ${table}_index2 ON ${table} (index2pk, index2sk) WHERE index2pk IS NOT NULL;
    CREATE INDEX IF NOT EXISTS ${table}_expiry ON ${table} (expires_at) WHERE expires_at IS NOT NULL;`;
}

/** An item read from its row, and its approximate memory. */
export interface FoundItem {
  readonly item: Item;
  readonly bytes: number;
}

/** Reads items of a table on one connection. Reads throw `TableBusy` when another one holds the database. */
export function itemReader(database: Reader, table: ItemTable) {
  const find = database.prepare(`SELECT json, layout, bytes FROM ${table} WHERE pk = ? AND sk = ?`);
  const ranges = new Map<string, ReturnType<typeof rangeOf>>();

  function rangeOf(query: Query) {
    const [pk, sk] = query.index ? [`${query.index}pk`, `${query.index}sk`] : ['pk', 'sk'];
    return database.prepare(
      `SELECT json, layout, bytes FROM ${table}
       WHERE ${pk} = ? AND ${sk} >= ? AND ${sk} < CAST(? AS TEXT)
       ORDER BY ${sk} ${query.reverse ? 'DESC' : 'ASC'} LIMIT ?`,
    );
  }

  return {
    find(key: Key): FoundItem | undefined {
      const row = unlessBusy(() => find.get(key.pk, key.sk)) as ItemRow | undefined;
      if (!row) return undefined;
      return { item: itemOf(row), bytes: 2 * row.json.length + (row.bytes?.byteLength ?? 0) };
    },
    page(query: Query, limit: number): Page {
      const name = `${query.index} ${query.reverse}`;
      const range = ranges.get(name) ?? rangeOf(query);
      ranges.set(name, range);
      const { from, to } = boundsOf(query);
      const rows = unlessBusy(() => range.all(query.pk, from, to, limit + 1)) as unknown as ItemRow[];
      return { items: rows.slice(0, limit).map(itemOf), more: rows.length > limit };
    },
  };
}

/** Changes items of a table on one connection. */
export function itemWriter(database: DatabaseSync, table: ItemTable) {
  const columns = ['index1pk', 'index1sk', 'index2pk', 'index2sk', 'expires_at', 'json', 'layout', 'bytes'];
  const put = database.prepare(
    `INSERT INTO ${table} (pk, sk, ${columns.join(', ')}) VALUES (?, ?, ${columns.map(() => '?').join(', ')})
     ON CONFLICT (pk, sk) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
  );
  const remove = database.prepare(`DELETE FROM ${table} WHERE pk = ? AND sk = ?`);
  return {
    put(item: Item): void {
      put.run(...rowOf(item));
    },
    remove(key: Key): void {
      remove.run(key.pk, key.sk);
    },
  };
}

interface ItemRow {
  readonly json: string;
  readonly layout: string | null;
  readonly bytes: Uint8Array | null;
}

function rowOf(item: Item): SQLInputValue[] {
  const parts = Object.entries(item).filter(
    (entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array,
  );
  const plain = parts.length === 0 ? item : withoutBytes(item);
  const [first, second] = [indexKey(item, 'index1'), indexKey(item, 'index2')];
  return [
    item.pk,
    item.sk,
    first?.pk ?? null,
    first?.sk ?? null,
    second?.pk ?? null,
    second?.sk ?? null,
    item.expiresAt ?? null,
    JSON.stringify(plain),
    parts.length === 0 ? null : JSON.stringify(parts.map(([name, bytes]) => [name, bytes.byteLength])),
    parts.length === 0 ? null : Buffer.concat(parts.map(([, bytes]) => bytes)),
  ];
}

function withoutBytes(item: Item): object {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => !(value instanceof Uint8Array)));
}

function itemOf({ json, layout, bytes }: ItemRow): Item {
  const item: Item = JSON.parse(json);
  if (layout === null || bytes === null) return item;
  let at = 0;
  const parts = (JSON.parse(layout) as [string, number][]).map(([name, length]) => {
    at += length;
    return [name, bytes.subarray(at - length, at)];
  });
  return { ...item, ...Object.fromEntries(parts) };
}

/** The bounds of a query's sort keys: from `from` (inclusive) up to `to` (exclusive), compared as bytes. */
function boundsOf({ prefix = '', after, reverse }: Query): { from: string; to: Uint8Array } {
  const end = Buffer.concat([Buffer.from(prefix), Buffer.of(0xff)]); // 0xff does not occur in UTF-8
  if (after === undefined) return { from: prefix, to: end };
  if (reverse) {
    const within = after.startsWith(prefix) || compareUtf8(after, prefix) < 0;
    return { from: prefix, to: within ? Buffer.from(after) : end };
  }
  return { from: compareUtf8(after, prefix) < 0 ? prefix : `${after}\0`, to: end };
}
