import type { Sha256 } from '../../domain/digests.ts';
import type { StagedBytes } from '../../domain/packages.ts';
import type { Key, Write } from '../../ports/table.ts';
import { type BlobRecord, itemOf } from '../records/entities.ts';
import { indexes, inIndex1, keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';
import { digitOf } from './storage-keys.ts';

/** How to add references to the staged blobs of one publish. */
export interface BlobPlan {
  /** The items to read before the plan can be made. */
  readonly keys: readonly Key[];
  /** Given those items, the writes that add the references, and the storage key of each blob. */
  plan(items: Items): {
    readonly writes: readonly Write[];
    storageKey(blob: StagedBytes): string;
    /** The staged blobs that will not be referenced because the same bytes are already stored. */
    readonly redundant: readonly StagedBytes[];
  };
}

/**
 * Plans one more reference for each staged blob: to an existing blob with the same bytes if there is one (the
 * sweep then deletes the staged blob), else to the staged blob. The writes fail if that changes concurrently.
 */
export function referenceBlobs(blobs: readonly StagedBytes[]): BlobPlan {
  const distinct = new Map<Sha256, { blob: StagedBytes; count: number }>();
  for (const blob of blobs) {
    const seen = distinct.get(blob.digests.sha256);
    if (seen) seen.count++;
    else distinct.set(blob.digests.sha256, { blob, count: 1 });
  }
  return {
    keys: [...distinct.keys()].map((sha256) => keys.blob(sha256)),
    plan(items) {
      const records = [...distinct.values()].map(({ blob, count }) => {
        const existing = items.get<BlobRecord>(keys.blob(blob.digests.sha256));
        return { write: blobWrite(blob, count, existing), storageKey: (existing ?? blob).storageKey, blob };
      });
      const storageKeys = new Map(records.map((record) => [record.blob.digests.sha256, record.storageKey]));
      return {
        writes: records.map((record) => record.write),
        redundant: blobs.filter((blob) => storageKeys.get(blob.digests.sha256) !== blob.storageKey),
        storageKey: (blob) => storageKeys.get(blob.digests.sha256) ?? blob.storageKey,
      };
    },
  };
}

function blobWrite(blob: StagedBytes, count: number, existing: BlobRecord | undefined): Write {
  const { sha256 } = blob.digests;
  if (existing) {
    return {
      update: keys.blob(sha256),
      add: { refs: count },
      set: { unreferencedAt: undefined, index2pk: undefined, index2sk: undefined },
      when: { exists: true, equals: { storageKey: existing.storageKey } },
    };
  }
  const record: BlobRecord = {
    sha256,
    digests: blob.digests,
    size: blob.size,
    storageKey: blob.storageKey,
    refs: count,
  };
  return {
    put: itemOf(
      keys.blob(sha256),
      record,
      inIndex1(indexes.stored(digitOf(blob.storageKey)).pk, blob.storageKey),
    ),
    when: { exists: false },
  };
}
