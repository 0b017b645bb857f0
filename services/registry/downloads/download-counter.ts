import type { PackageFile } from '../../domain/packages.ts';
import { type DownloadBatch, dayOf, type VersionDownloads } from './count-downloads.ts';

/** A file whose download has begun. */
export interface DownloadedFile extends Pick<PackageFile, 'versionId'> {
  readonly fileName: string;
  readonly version: string | undefined;
}

/** Gets every download that begins. How it gets into the table is up to the host; no request waits for that. */
export interface DownloadCounter {
  count(file: DownloadedFile, at: number): void;
}

/** A counter that counts nothing, for processes that serve nothing. */
export const noDownloads: DownloadCounter = { count() {} };

/** The most versions whose downloads are counted between two flushes. */
const MAX_VERSIONS = 50_000;

/** Downloads in memory that the table does not have yet. */
export interface PendingDownloads extends DownloadCounter {
  /** How many downloads were not counted because there were too many versions, since the last call. */
  dropped(): number;
  /**
   * The next batch to write, if there is anything: always the same until `written` is called, so that a batch that
   * may already be stored is not counted twice.
   */
  next(): DownloadBatch | undefined;
  written(): void;
}

/** Counts downloads in memory, by version and day. What is not written is lost when the process is killed. */
export function pendingDownloads(processId: string, maxVersions = MAX_VERSIONS): PendingDownloads {
  let counting = new Map<number, VersionDownloads>();
  let batch: DownloadBatch | undefined;
  let batches = 0;
  let dropped = 0;
  return {
    count({ versionId }, at) {
      const known = counting.get(versionId);
      if (!known && counting.size >= maxVersions) {
        dropped++;
        return;
      }
      const day = dayOf(at);
      const days = { ...known?.days, [day]: (known?.days[day] ?? 0) + 1 };
      counting.set(versionId, { versionId, days, lastAt: Math.max(at, known?.lastAt ?? 0) });
    },
    dropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
    next() {
      if (!batch && counting.size > 0) {
        batch = { id: `${processId}-${++batches}`, downloads: [...counting.values()] };
        counting = new Map();
      }
      return batch;
    },
    written() {
      batch = undefined;
    },
  };
}
