import type { Item, Key, TableReader } from '../../ports/table.ts';
import { mapConcurrently } from '../../shared/map-concurrently.ts';

/** How many keys one read may ask for. */
const AT_ONCE = 100;

/** The items under any number of keys, in the order of the keys; a key that comes twice is read once. */
export async function readMany(table: TableReader, all: readonly Key[]): Promise<(Item | undefined)[]> {
  const distinct = new Map(all.map((key) => [nameOf(key), key]));
  const wanted = [...distinct.values()];
  const chunks: Promise<(Item | undefined)[]>[] = [];
  for (let start = 0; start < wanted.length; start += AT_ONCE) {
    chunks.push(table.getMany(wanted.slice(start, start + AT_ONCE)));
  }
  const items = (await Promise.all(chunks)).flat();
  const byName = new Map(wanted.map((key, index) => [nameOf(key), items[index]]));
  return all.map((key) => byName.get(nameOf(key)));
}

function nameOf(key: Key): string {
  return `${key.pk}\n${key.sk}`;
}

/** How many lookups run at a time. */
const CONCURRENCY = 25;

/** Looks something up for each item, some at a time, and returns what was found as one list, in the order of the items. */
export async function forEachOf<T, R>(
  items: readonly T[],
  lookUp: (item: T) => Promise<readonly R[]>,
): Promise<R[]> {
  return (await mapConcurrently(items, CONCURRENCY, lookUp)).flat();
}
