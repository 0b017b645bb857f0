import type { Key, TableReader } from '../../ports/table.ts';
import { MAX_KEY_BYTES } from '../../ports/table-rules.ts';
import { maybeEntity } from './entities.ts';
import { readMany } from './read-many.ts';

/** Items that were read together, each found by its key. */
export interface Items {
  /** The entity under a key, or undefined when there is none. The key must be one of those that were read. */
  get<T>(key: Key): T | undefined;
}

/**
 * Reads items of any kinds in one round trip. Nothing is under a key that is too long for the table, as keys made of
 * what a client sent may be.
 */
export async function readItems(table: TableReader, keys: readonly Key[]): Promise<Items> {
  const possible = keys.filter(({ pk, sk }) => fits(pk) && fits(sk));
  const items = possible.length === 0 ? [] : await readMany(table, possible);
  const found = new Map(possible.map((key, index) => [nameOf(key), items[index]]));
  return { get: (key) => maybeEntity(found.get(nameOf(key))) };
}

function fits(part: string): boolean {
  // No character has more than three bytes of UTF-8 for each unit of its length.
  return part.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(part) <= MAX_KEY_BYTES;
}

function nameOf({ pk, sk }: Key): string {
  return `${pk}\n${sk}`;
}
