import type { Item, Key, TableReader } from '../../ports/table.ts';

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

/** How many lookups run beside each other. */
const ABREAST = 25;

/** Does the same for each of a list, some at a time, and puts the answers one after the other. */
export async function forEachOf<T, R>(
  all: readonly T[],
  work: (each: T) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < all.length; start += ABREAST) {
    const done = await Promise.all(all.slice(start, start + ABREAST).map(work));
    for (const list of done) for (const each of list) results.push(each);
  }
  return results;
}
