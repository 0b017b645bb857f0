import { StoreUnavailable } from '../../../ports/store-unavailable.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { digestOf } from '../digest-blob.ts';
import { inBatches } from '../merge-by-key.ts';
import { type StoredKey, walkStored } from '../walk-stored.ts';
import { nothingSwept, type Swept } from './sweep-blobs.ts';

/** The key of the sweep's position. Its name is stored, and older than the term `orphaned blob`. */
const POSITION = keys.job('stray-sweep');

/** How many storage keys to check before the position is stored. */
const BATCH = 500;

/** How many blobs to read concurrently. */
const CONCURRENCY = 8;

/**
 * Removes orphaned blobs: uploads that were refused or cut off before their transaction, and the leftovers of a
 * sweep that was killed. Ignores blobs younger than the grace period.
 *
 * Continues where the last run was stopped or killed, and starts over after the last key. So a store of any size
 * is covered over several runs. Several may run concurrently.
 */
export async function sweepOrphans(registry: Registry, signal?: AbortSignal): Promise<Swept> {
  const due = registry.clock.now() - registry.settings.blobGrace;
  const position = await registry.table.get(POSITION);
  const after = position?.after === undefined ? undefined : String(position.after);
  let swept = nothingSwept;
  for await (const batch of inBatches(walkStored(registry.table, [registry.blobs], after), BATCH)) {
    const suspects = batch.filter(({ stored: [info], record }) => info && !record && info.modifiedAt < due);
    const orphans = await orphansAmong(registry, suspects, signal);
    if (orphans.length > 0) await registry.blobs.delete(orphans.map(({ key }) => key));
    for (const { key, stored } of orphans) {
      const size = stored[0]?.size ?? 0;
      registry.log.info('orphaned blob removed', { storage_key: key, size_bytes: size });
      swept = { blobs: swept.blobs + 1, bytes: swept.bytes + size };
    }
    if (signal?.aborted) return swept;
    await registry.table.write([{ put: { ...POSITION, after: batch.at(-1)?.key ?? '' } }]);
  }
  await registry.table.write([{ delete: POSITION }]);
  return swept;
}

/** Returns the suspects that are orphaned, or those found until `signal`. */
async function orphansAmong(
  registry: Registry,
  suspects: readonly StoredKey[],
  signal: AbortSignal | undefined,
): Promise<StoredKey[]> {
  const orphans: StoredKey[] = [];
  await mapConcurrently(suspects, CONCURRENCY, async (suspect) => {
    try {
      if (!signal?.aborted && (await isOrphaned(registry, suspect.key, signal))) orphans.push(suspect);
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof StoreUnavailable) throw error;
      // One unreadable blob must not prevent the removal of the others.
      registry.log.error('stored blob not readable', { storage_key: suspect.key, error });
    }
  });
  return orphans;
}

/**
 * Returns whether no record refers to the blob under a storage key. Looks up the record by the digest of the
 * bytes, since the index may lag behind. Reading the bytes is expensive, but few blobs are checked, and deletion
 * can't be undone.
 */
export async function isOrphaned(registry: Registry, key: string, signal?: AbortSignal): Promise<boolean> {
  const sha256 = await digestOf(registry.blobs, key, signal);
  if (sha256 === undefined) return false;
  const record = maybeEntity<BlobRecord>(await registry.table.get(keys.blob(sha256)));
  return record?.storageKey !== key;
}
