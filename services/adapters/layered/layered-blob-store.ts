import { MAX_BLOB_PAGE } from '../../ports/blob-rules.ts';
import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';

/**
 * A `BlobStore` during the migration from one store to another: writes go to the new one; reads fall back to the
 * former one. A key has the same bytes in both, so it does not matter who copies them, or when.
 */
export function layeredBlobStore(next: BlobStore, former: BlobStore): BlobStore {
  return {
    put: (key, body) => next.put(key, body),
    get: async (key, range) => (await next.get(key, range)) ?? former.get(key, range),
    head: async (key) => (await next.head(key)) ?? former.head(key),
    async delete(keys) {
      // In this order a concurrent copy can't restore deleted blobs, unless it is in progress right now.
      await former.delete(keys);
      await next.delete(keys);
    },
    async list(options) {
      const [first, second] = await Promise.all([next.list(options), former.list(options)]);
      const end = [first, second]
        .flatMap((page) => (page.more ? (page.blobs.at(-1)?.key ?? []) : []))
        .sort()[0];
      const merged = inOrder(first.blobs, second.blobs).filter(({ key }) => end === undefined || key <= end);
      const blobs = merged.slice(0, MAX_BLOB_PAGE);
      return { blobs, more: end !== undefined || merged.length > blobs.length };
    },
    async dropUnfinished(options) {
      return (await next.dropUnfinished(options)) + (await former.dropUnfinished(options));
    },
    async link(key, options) {
      const store = (await next.head(key)) ? next : former;
      return store.link(key, options);
    },
  };
}

/** Merges both lists in key order; the first wins for keys in both. */
function inOrder(first: readonly BlobInfo[], second: readonly BlobInfo[]): BlobInfo[] {
  const byKey = new Map([...second, ...first].map((info) => [info.key, info]));
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
