import type { Item, Key, Page, Query, Table, Write } from '../../ports/table.ts';
import {
  afterWrite,
  checkKey,
  checkKeys,
  checkQuery,
  checkWrites,
  compareUtf8,
  frozenItem,
  indexKey,
  keyOf,
} from '../../ports/table-rules.ts';

/** An entry of a sorted partition: ordered by `sort`, then by the item's own key. */
interface Entry {
  readonly sort: string;
  readonly item: Item;
}

type Partitions = Map<string, Entry[]>;

/** A `Table` in memory, for tests and demonstrations. */
export function memoryTable(): Table {
  const rows = new Map<string, Map<string, Item>>();
  const orders = { key: new Map(), index1: new Map(), index2: new Map() } satisfies Record<
    string,
    Partitions
  >;

  function find(key: Key): Item | undefined {
    return rows.get(key.pk)?.get(key.sk);
  }

  function replace(key: Key, before: Item | undefined, after: Item | undefined): void {
    if (before) rows.get(key.pk)?.delete(key.sk);
    if (after) {
      const partition = rows.get(key.pk) ?? new Map<string, Item>();
      rows.set(key.pk, partition.set(key.sk, after));
    }
    for (const order of ['key', 'index1', 'index2'] as const) {
      if (before) remove(orders[order], entryKey(before, order), before);
      if (after) insert(orders[order], entryKey(after, order), after);
    }
  }

  function apply(operations: readonly Write[]): void {
    checkWrites(operations);
    const after = operations.map((write, number) => afterWrite(write, find(keyOf(write)), number));
    for (const [number, write] of operations.entries()) {
      if ('check' in write) continue;
      const key = keyOf(write);
      replace(key, find(key), after[number]);
    }
  }

  return {
    async get(key) {
      checkKey(key);
      return copyOf(find(key));
    },
    async getMany(keys) {
      checkKeys(keys);
      return keys.map((key) => copyOf(find(key)));
    },
    async query(query) {
      const limit = checkQuery(query);
      const page = pageOf(orders[query.index ?? 'key'].get(query.pk) ?? [], query, limit);
      return { items: page.items.map(frozenItem), more: page.more };
    },
    async write(operations) {
      apply(operations);
    },
    async update(key, changes, when) {
      apply([{ ...changes, update: key, ...(when && { when }) }]);
      return copyOf(find(key)) as Item;
    },
  };
}

/** Bytes cannot be frozen, so every reader gets its own copy. */
function copyOf(item: Item | undefined): Item | undefined {
  return item && frozenItem(item);
}

function entryKey(item: Item, order: 'key' | 'index1' | 'index2'): Key | undefined {
  return order === 'key' ? item : indexKey(item, order);
}

function pageOf(entries: readonly Entry[], query: Query, limit: number): Page {
  const { prefix = '', after, reverse = false } = query;
  const matching = entries.filter(({ sort }) => {
    if (!sort.startsWith(prefix)) return false;
    if (after === undefined) return true;
    const order = compareUtf8(sort, after);
    return reverse ? order < 0 : order > 0;
  });
  if (reverse) matching.reverse();
  return { items: matching.slice(0, limit).map(({ item }) => item), more: matching.length > limit };
}

function insert(partitions: Partitions, key: Key | undefined, item: Item): void {
  if (!key) return;
  const entries = partitions.get(key.pk) ?? [];
  partitions.set(key.pk, entries);
  entries.splice(position(entries, { sort: key.sk, item }), 0, { sort: key.sk, item });
}

function remove(partitions: Partitions, key: Key | undefined, item: Item): void {
  if (key) partitions.get(key.pk)?.splice(position(partitions.get(key.pk) ?? [], { sort: key.sk, item }), 1);
}

/** The index of the entry in the sorted list, or where to insert it. */
function position(entries: readonly Entry[], entry: Entry): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareEntries(entries[middle] as Entry, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareEntries(a: Entry, b: Entry): number {
  return (
    compareUtf8(a.sort, b.sort) || compareUtf8(a.item.pk, b.item.pk) || compareUtf8(a.item.sk, b.item.sk)
  );
}
