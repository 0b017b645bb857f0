import type { Item, Key, Table, Write } from '../../services/ports/table.ts';
import { keyOf } from '../../services/ports/table-rules.ts';

/** Capacity units of DynamoDB: what its on-demand tables are paid by. */
export interface Units {
  readonly read: number;
  readonly write: number;
}

/** A table that counts the units its calls would take on DynamoDB. */
export interface CountedTable {
  readonly table: Table;
  /** The units since the last `take`. */
  take(): Units;
}

const READ_UNIT = 4096;
const WRITE_UNIT = 1024;

/**
 * Counts as AWS documents it: reads are strongly consistent, except of indexes, which cost half; a batch is as many
 * reads as keys; a query reads the sum of its items; what is absent costs a unit. A transaction costs twice as much as
 * single writes, its checks included, and each index entry that changes costs its own write.
 */
export function countUnits(inner: Table): CountedTable {
  let read = 0;
  let write = 0;

  const readsOf = (item: Item | undefined) => Math.max(1, Math.ceil(sizeOf(item) / READ_UNIT));

  async function writing<T>(operations: readonly Write[], work: () => Promise<T>): Promise<T> {
    const keys = operations.map(keyOf);
    const before = await inner.getMany(keys);
    const result = await work();
    const after = await inner.getMany(keys);
    const isTransaction = operations.length > 1 || operations.some((each) => 'check' in each);
    for (const [number] of keys.entries()) {
      const [was, is] = [before[number], after[number]];
      const units = Math.max(1, writesOf(was), writesOf(is));
      write += isTransaction ? 2 * units : units;
      const operation = operations[number];
      if (operation && !('check' in operation)) write += indexWrites(was, is);
    }
    return result;
  }

  return {
    table: {
      async get(key) {
        const item = await inner.get(key);
        read += readsOf(item);
        return item;
      },
      async getMany(keys) {
        const items = await inner.getMany(keys);
        const distinct = new Map(keys.map((key, number) => [nameOf(key), items[number]]));
        for (const item of distinct.values()) read += readsOf(item);
        return items;
      },
      async query(query) {
        const page = await inner.query(query);
        const bytes = page.items.reduce((sum, item) => sum + sizeOf(item), 0);
        const units = Math.max(1, Math.ceil(bytes / READ_UNIT));
        read += query.index === undefined ? units : units / 2;
        return page;
      },
      write: (operations) => writing(operations, () => inner.write(operations)),
      update: (key, changes, when) =>
        writing([{ update: key, ...changes }], () => inner.update(key, changes, when)),
    },
    take() {
      const taken = { read, write };
      read = 0;
      write = 0;
      return taken;
    },
  };
}

function nameOf({ pk, sk }: Key): string {
  return `${pk.length}:${pk}${sk}`;
}

function writesOf(item: Item | undefined): number {
  return Math.ceil(sizeOf(item) / WRITE_UNIT);
}

/** The writes of index entries: none if an entry stays the same, two if its key changes. */
function indexWrites(before: Item | undefined, after: Item | undefined): number {
  let units = 0;
  for (const index of ['index1', 'index2'] as const) {
    const [was, is] = [entryKey(before, index), entryKey(after, index)];
    if (was === undefined && is === undefined) continue;
    if (was === is && JSON.stringify(before) === JSON.stringify(after)) continue;
    if (was === is) units += Math.max(writesOf(before), writesOf(after));
    else units += (was === undefined ? 0 : writesOf(before)) + (is === undefined ? 0 : writesOf(after));
  }
  return units;
}

function entryKey(item: Item | undefined, index: 'index1' | 'index2'): string | undefined {
  const pk = item?.[`${index}pk`];
  return pk === undefined ? undefined : `${pk} ${item?.[`${index}sk`]}`;
}

/** The approximate size of an item in bytes. Names and texts count as UTF-8, a number as at most 21 bytes. */
function sizeOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.min(21, Math.ceil(String(value).length / 2) + 1);
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return 3 + value.reduce((sum, each) => sum + 1 + sizeOf(each), 0);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce((sum, [name, each]) => {
    return each === undefined ? sum : sum + 1 + Buffer.byteLength(name) + sizeOf(each);
  }, 3);
}
