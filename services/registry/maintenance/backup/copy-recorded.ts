import type { BlobStore } from '../../../ports/blob-store.ts';
import type { TableReader } from '../../../ports/table.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
import type { BlobRecord } from '../../records/entities.ts';
import { digestOf } from '../digest-blob.ts';
import { inBatches } from '../merge-by-key.ts';
import { copyBlob } from '../migrate/copy-blob.ts';
import { type Amount, type BlobProblem, nothing, plusBlob, problemOf } from '../storage-problems.ts';
import { type StoredKey, walkStored } from '../walk-stored.ts';

/** The records that say which blobs there are, and the stores that they are copied between. */
export interface CopySource {
  readonly table: TableReader;
  readonly from: BlobStore;
  readonly to: BlobStore;
}

/** How to copy. */
export interface CopyOptions {
  /** Whether to compare the digests of blobs that are already there as well, and copy those that differ. */
  readonly verify: boolean;
  /** How many blobs to copy concurrently. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called with the blobs that were dealt with, and with bytes as they are read. */
  readonly onProgress?: (at: Amount) => void;
}

/** The result of copying. */
export interface CopiedBlobs {
  /** The blobs of all records. */
  readonly recorded: Amount;
  readonly copied: Amount;
  /** What is wrong with blobs that could not be copied. */
  readonly problems: readonly BlobProblem[];
  /** Records whose blob is gone, and that no file refers to: a sweep has just removed it. */
  readonly unreferenced: readonly BlobRecord[];
  /** Storage keys in `to` that no record refers to. */
  readonly unrecorded: readonly string[];
  /** Whether all records were dealt with; false after `signal`. */
  readonly complete: boolean;
}

/** How many storage keys to read ahead. */
const BATCH = 500;

/**
 * Copies the blob of every record that is not in `to` yet, comparing its digest. What is there with the size of its
 * record was compared when it was copied. So this continues where an earlier call was stopped or killed.
 */
export async function copyRecorded(
  { table, from, to }: CopySource,
  { verify, concurrency, signal, onProgress = () => {} }: CopyOptions,
): Promise<CopiedBlobs> {
  let [recorded, copied] = [nothing, nothing];
  let read = 0;
  const problems: BlobProblem[] = [];
  const unreferenced: BlobRecord[] = [];
  const unrecorded: string[] = [];

  async function isThere(record: BlobRecord, size: number | undefined): Promise<boolean> {
    if (size !== record.size) return false;
    return !verify || (await digestOf(to, record.storageKey, signal)) === record.sha256;
  }

  async function copy(record: BlobRecord): Promise<void> {
    const outcome = await copyBlob({ from, to }, { key: record.storageKey, record, signal }, (bytes) => {
      read += bytes;
      onProgress({ blobs: recorded.blobs, bytes: read });
    });
    if (outcome === 'copied') copied = plusBlob(copied, record.size);
    else if (outcome !== 'gone') problems.push(outcome);
    else if (!signal.aborted && !(await to.head(record.storageKey))) {
      if (record.refs > 0) problems.push(problemOf('missing', record, `${record.size} bytes`));
      else unreferenced.push(record);
    }
  }

  async function look({ key, record, stored: [info] }: StoredKey): Promise<void> {
    if (signal.aborted) return;
    if (!record) {
      unrecorded.push(key);
      return;
    }
    if (await isThere(record, info?.size)) read += record.size;
    else await copy(record);
    recorded = plusBlob(recorded, record.size);
    onProgress({ blobs: recorded.blobs, bytes: read });
  }

  for await (const batch of inBatches(walkStored(table, [to]), BATCH)) {
    await mapConcurrently(batch, concurrency, look).catch(unlessAborted(signal));
    if (signal.aborted) break;
  }
  return { recorded, copied, problems, unreferenced, unrecorded, complete: !signal.aborted };
}

function unlessAborted(signal: AbortSignal) {
  return (error: unknown) => {
    if (!signal.aborted) throw error;
  };
}

/** Counts the blobs of all records. */
export async function countRecorded(table: TableReader): Promise<Amount> {
  let all = nothing;
  for await (const { record } of walkStored(table, [])) if (record) all = plusBlob(all, record.size);
  return all;
}
