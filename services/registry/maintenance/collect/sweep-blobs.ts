import { ConditionFailed, type Item } from '../../../ports/table.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, entityOf } from '../../records/entities.ts';
import { indexes, keys } from '../../records/keys.ts';
import { queryPages } from '../../records/query-all.ts';
import { forEachOf } from '../../records/read-many.ts';

/** What a sweep removed. Sizes in bytes. */
export interface Swept {
  readonly blobs: number;
  readonly bytes: number;
}

/** The outcome of a sweep that removed nothing. */
export const nothingSwept: Swept = { blobs: 0, bytes: 0 };

/**
 * Removes blobs that have been unreferenced for the grace period. Deletes the record first, on condition that it
 * is still unreferenced. A publish of the same bytes before that keeps them; one after it stores its own under
 * another key. Several sweeps may run concurrently: only one of them deletes a record. If the sweep is
 * interrupted, the next one continues; bytes whose record is already deleted are then orphaned blobs.
 */
export async function sweepBlobs(registry: Registry, signal?: AbortSignal): Promise<Swept> {
  const due = new Date(registry.clock.now() - registry.settings.blobGrace).toISOString();
  let swept = nothingSwept;
  for await (const items of queryPages(registry.table, { ...indexes.unreferenced, limit: 100 })) {
    if (signal?.aborted) return swept;
    const old = items.filter((item) => String(item.index2sk) < due);
    const gone = await forEachOf(old, (item) => removeRecord(registry, item));
    if (gone.length > 0) await registry.blobs.delete(gone.map(({ storageKey }) => storageKey));
    for (const { sha256, size } of gone) {
      registry.log.info('blob removed', { digest: sha256, size_bytes: size });
      swept = { blobs: swept.blobs + 1, bytes: swept.bytes + size };
    }
    if (old.length < items.length) return swept;
  }
  return swept;
}

/**
 * Deletes the record if it is still unreferenced. Returns it in a list, which is empty if this call did not delete
 * it.
 */
async function removeRecord(registry: Registry, item: Item): Promise<BlobRecord[]> {
  const record = entityOf<BlobRecord>(item);
  const { sha256, storageKey, unreferencedAt } = record;
  try {
    await registry.table.write([
      { delete: keys.blob(sha256), when: { equals: { refs: 0, unreferencedAt, storageKey } } },
    ]);
    return [record];
  } catch (error) {
    if (error instanceof ConditionFailed) return [];
    throw error;
  }
}
