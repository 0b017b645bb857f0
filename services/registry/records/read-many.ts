import type { Item, Key, TableReader } from '../../ports/table.ts';
import { mapConcurrently } from '../../shared/map-concurrently.ts';
import { readItems } from './read-items.ts';

/** Reads the items under any number of keys, in the order of the keys; duplicate keys are read once. */
export async function readMany(table: TableReader, keys: readonly Key[]): Promise<(Item | undefined)[]> {
  const items = await readItems(table, keys);
  return keys.map((key) => items.get<Item>(key));
}

/** How many lookups run concurrently. */
const CONCURRENCY = 25;

/**
 * Runs a lookup for each item, several concurrently; returns all results as one list, in the order of the items.
 */
export async function forEachOf<T, R>(
  items: readonly T[],
  lookUp: (item: T) => Promise<readonly R[]>,
): Promise<R[]> {
  return (await mapConcurrently(items, CONCURRENCY, lookUp)).flat();
}
