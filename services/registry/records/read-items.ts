import type { Item, Key, TableReader } from '../../ports/table.ts';
import { maybeEntity } from './entities.ts';

/** Items that were read together, by key. */
export interface Items {
  /** The entity under one of the keys that were read, or undefined. */
  get<T>(key: Key): T | undefined;
}

/** The most keys of one read. */
const AT_ONCE = 100;

/** Reads items of any kind in one round trip; duplicate keys are read once. */
export async function readItems(table: TableReader, keys: readonly Key[]): Promise<Items> {
  const distinct = new Map<string, Key>();
  for (const key of keys) distinct.set(nameOf(key), key);
  const items = await getAll(table, [...distinct.values()]);
  const found = new Map<string, Item | undefined>();
  let position = 0;
  for (const name of distinct.keys()) found.set(name, items[position++]);
  return { get: (key) => maybeEntity(found.get(nameOf(key))) };
}

/** Reads one entity by its key. Returns undefined if it does not exist. */
export async function readItem<T>(table: TableReader, key: Key): Promise<T | undefined> {
  return maybeEntity<T>(await table.get(key));
}

async function getAll(table: TableReader, keys: readonly Key[]): Promise<readonly (Item | undefined)[]> {
  if (keys.length === 0) return [];
  if (keys.length <= AT_ONCE) return table.getMany(keys);
  const chunks: Promise<(Item | undefined)[]>[] = [];
  for (let start = 0; start < keys.length; start += AT_ONCE) {
    chunks.push(table.getMany(keys.slice(start, start + AT_ONCE)));
  }
  return (await Promise.all(chunks)).flat();
}

function nameOf({ pk, sk }: Key): string {
  return `${pk}\n${sk}`;
}
