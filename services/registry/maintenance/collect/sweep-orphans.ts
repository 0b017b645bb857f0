import { StoreUnavailable } from '../../../ports/store-unavailable.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { digestOf } from '../digest-blob.ts';
import { inBatches } from '../merge-by-key.ts';
import { type StoredKey, walkStored } from '../walk-stored.ts';
import { nothingSwept, type Swept } from './sweep-blobs.ts';

const POSITION = keys.job('stray-sweep');

/** How many storage keys are looked at before the position is kept. */
const BATCH = 500;

/** How many blobs are read at a time. */
const READ_AT_ONCE = 8;

/**
 * Removes stored bytes that no record knows: uploads that were refused or cut off before their transaction, and what
 * a sweep that was killed left behind. Looks only at bytes older than the grace period.
 *
 * Goes on where the last run stopped, by its signal or because it was killed, and after the last key starts over the
 * next time: a store of any size is walked over as many runs as it takes. Several may run at once.
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

/** Those of the suspects that no record knows, until `signal`. */
async function orphansAmong(
  registry: Registry,
  suspects: readonly StoredKey[],
  signal: AbortSignal | undefined,
): Promise<StoredKey[]> {
  const orphans: StoredKey[] = [];
  await mapConcurrently(suspects, READ_AT_ONCE, async (suspect) => {
    try {
      if (!signal?.aborted && (await isOrphaned(registry, suspect.key, signal))) orphans.push(suspect);
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof StoreUnavailable) throw error;
      // One that can't be read must not keep all others for ever.
      registry.log.error('stored blob not readable', { storage_key: suspect.key, error });
    }
  });
  return orphans;
}

/**
 * Whether there are bytes under a storage key of which no record speaks, asked without the index, which may lag: by
 * their digest. Reading them is dear, but few are asked about, and what is deleted does not come back.
 */
export async function isOrphaned(registry: Registry, key: string, signal?: AbortSignal): Promise<boolean> {
  const sha256 = await digestOf(registry.blobs, key, signal);
  if (sha256 === undefined) return false;
  const record = maybeEntity<BlobRecord>(await registry.table.get(keys.blob(sha256)));
  return record?.storageKey !== key;
}
