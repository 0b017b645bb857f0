import { ConditionFailed, type Item } from '../ports/table.ts';
import type { Registry } from './context.ts';
import { type BlobRecord, entityOf } from './entities.ts';
import { indexes, keys } from './keys.ts';
import { queryPages } from './query-all.ts';

/** What a sweep removed. Sizes in bytes. */
export interface Swept {
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Removes blobs to which nothing has referred for the grace period. The record goes first, on condition that it is
 * still unreferenced: a publish of the same bytes that comes in between keeps them, one that comes after stores its own
 * under another key. Stopped half-way it goes on the next time.
 */
export async function sweepBlobs(registry: Registry, signal?: AbortSignal): Promise<Swept> {
  const due = new Date(registry.clock.now() - registry.settings.blobGrace).toISOString();
  let swept: Swept = { blobs: 0, bytes: 0 };
  for await (const items of queryPages(registry.table, { ...indexes.unreferenced, limit: 100 })) {
    for (const item of items) {
      if (signal?.aborted || String(item.index2sk) >= due) return swept;
      const size = await sweepBlob(registry, item);
      if (size !== undefined) swept = { blobs: swept.blobs + 1, bytes: swept.bytes + size };
    }
  }
  return swept;
}

async function sweepBlob(registry: Registry, item: Item): Promise<number | undefined> {
  const { sha256, storageKey, size, unreferencedAt } = entityOf<BlobRecord>(item);
  try {
    await registry.table.write([
      { delete: keys.blob(sha256), when: { equals: { refs: 0, unreferencedAt, storageKey } } },
    ]);
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
  await registry.blobs.delete([storageKey]);
  registry.log.info('blob removed', { digest: sha256, size_bytes: size });
  return size;
}

/**
 * Removes stored bytes that no record knows: uploads that were refused or cut off before their transaction, and what
 * a sweep that was killed left behind. Looks only at bytes older than the grace period.
 */
export async function sweepStrays(registry: Registry, signal?: AbortSignal): Promise<Swept> {
  const due = registry.clock.now() - registry.settings.blobGrace;
  let swept: Swept = { blobs: 0, bytes: 0 };
  for (let after: string | undefined; ; ) {
    const page = await registry.blobs.list({ prefix: 'blobs/', ...(after === undefined ? {} : { after }) });
    for (const { key, size, modifiedAt } of page.blobs) {
      if (signal?.aborted) return swept;
      if (modifiedAt >= due || (await isKnown(registry, key))) continue;
      await registry.blobs.delete([key]);
      registry.log.info('stray blob removed', { storage_key: key, size_bytes: size });
      swept = { blobs: swept.blobs + 1, bytes: swept.bytes + size };
    }
    after = page.blobs.at(-1)?.key;
    if (!page.more || after === undefined) return swept;
  }
}

async function isKnown(registry: Registry, storageKey: string): Promise<boolean> {
  const { items } = await registry.table.query({ ...indexes.storedBlob(storageKey), limit: 1 });
  return items.length > 0;
}
