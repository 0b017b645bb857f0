import type { Item, Key, TableReader } from '../../ports/table.ts';
import { MAX_KEY_BYTES } from '../../ports/table-rules.ts';
import { maybeEntity } from './entities.ts';

/** Items that were read together, each found by its key. */
export interface Items {
  /** The entity under a key, or undefined when there is none. The key must be one of those that were read. */
  get<T>(key: Key): T | undefined;
}

/** How many keys one read may ask for. */
const AT_ONCE = 100;

/**
 * Reads items of any kinds in one round trip; a key that comes twice is read once. Nothing is under a key that is too
 * long for the table, as keys made of what a client sent may be.
 */
export async function readItems(table: TableReader, keys: readonly Key[]): Promise<Items> {
  const wanted = new Map<string, Key>();
  for (const key of keys) if (fits(key.pk) && fits(key.sk)) wanted.set(nameOf(key), key);
  const items = await getAll(table, [...wanted.values()]);
  const found = new Map<string, Item | undefined>();
  let position = 0;
  for (const name of wanted.keys()) found.set(name, items[position++]);
  return { get: (key) => maybeEntity(found.get(nameOf(key))) };
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

function fits(part: string): boolean {
  // No character has more than three bytes of UTF-8 for each unit of its length.
  return part.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(part) <= MAX_KEY_BYTES;
}

function nameOf({ pk, sk }: Key): string {
  return `${pk}\n${sk}`;
}
