import type { Item, Key } from '../../ports/table.ts';

/** A cached lookup. `item` is undefined if there is no item under the key. */
export interface CachedItem {
  readonly item: Item | undefined;
}

/**
 * Caches items by key in about `maxBytes`. New and used entries are young; when the young entries fill half of the
 * space, they become the old ones and the previous old ones are dropped. This approximates least recently used
 * with one map lookup per hit.
 */
export function itemCache(maxBytes: number) {
  let young = new Map<string, CachedItem & { readonly bytes: number }>();
  let old: typeof young = new Map();
  let youngBytes = 0;

  function insert(name: string, entry: CachedItem & { readonly bytes: number }): void {
    youngBytes += entry.bytes - (young.get(name)?.bytes ?? 0);
    young.set(name, entry);
    if (youngBytes * 2 <= maxBytes) return;
    old = young;
    young = new Map();
    youngBytes = 0;
  }

  return {
    get(key: Key): CachedItem | undefined {
      const name = nameOf(key);
      const entry = young.get(name);
      if (entry) return entry;
      const aged = old.get(name);
      if (!aged) return undefined;
      old.delete(name);
      insert(name, aged);
      return aged;
    },
    set(key: Key, item: Item | undefined, bytes: number): void {
      const name = nameOf(key);
      insert(name, { item, bytes: bytes + 2 * name.length + ENTRY_BYTES });
    },
    delete(key: Key): void {
      const name = nameOf(key);
      youngBytes -= young.get(name)?.bytes ?? 0;
      young.delete(name);
      old.delete(name);
    },
  };
}

/** The approximate memory of an entry in addition to its item, in bytes. */
const ENTRY_BYTES = 200;

function nameOf(key: Key): string {
  return `${key.pk.length}:${key.pk}${key.sk}`;
}
