import type { BlobInfo } from '../../../ports/blob-store.ts';
import { ConditionFailed } from '../../../ports/table.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { inBatches } from '../merge-by-key.ts';
import { type Amount, type BlobProblem, nothing, plusBlob, problemOf } from '../storage-problems.ts';
import { type StoredKey, walkStored } from '../walk-stored.ts';
import { copyBlob, type MigrationStores } from './copy-blob.ts';
import {
  findMigration,
  finishMigration,
  keepProgress,
  type MigrationJob,
  phaseStart,
} from './migration-job.ts';

/** Options of a migration run. */
export interface MigrationOptions {
  /** Stops the run. Copies in progress are abandoned, and the next run continues from there. */
  readonly signal?: AbortSignal;
  /** Called whenever bytes were copied; `done` is the progress of the phase. */
  readonly onProgress?: (job: MigrationJob, done: Amount) => void;
}

/** How many storage keys to process before the position is stored. */
const BATCH = 250;

/** The most problems to keep in the job. */
const KEPT = 100;

/**
 * Copies missing blobs under the same storage keys. The bytes are checked against the digest in their record, and
 * a copy that does not match is not kept. Goes through all keys again until a pass finds nothing to copy: then the
 * target has everything, including blobs added in the meantime.
 *
 * Progress is stored in the job, so the next run continues after a process was killed at any point. Several
 * processes may run the same job. Nothing is removed from the source.
 */
export async function runMigration(
  registry: Registry,
  stores: MigrationStores,
  job: MigrationJob,
  options: MigrationOptions = {},
): Promise<MigrationJob> {
  let at = job;
  while (at.id === job.id && at.state === 'running' && !options.signal?.aborted) {
    try {
      at = await runPhase(registry, stores, at, options);
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      // Another process has finished the phase or the job, or has replaced the job.
      const current = await findMigration(registry.table, job);
      if (!current) throw error;
      at = current;
    }
  }
  return at;
}

/** Processes the remaining keys of the phase, then finishes the job or moves it to its next phase. */
async function runPhase(
  registry: Registry,
  stores: MigrationStores,
  job: MigrationJob,
  options: MigrationOptions,
): Promise<MigrationJob> {
  const at = await processKeys(registry, stores, job, options);
  if (options.signal?.aborted) return at;
  // Keys that another run has processed may have changed since, so the last phase must be a whole one of this run.
  const whole = job.position === null && job.phase !== 'counting';
  const done = job.dryRun || (whole && at.copiedInPhase === 0);
  return done ? finishMigration(registry, at) : keepProgress(registry.table, at, nextPhase(at));
}

function nextPhase(job: MigrationJob): Partial<MigrationJob> {
  return { ...phaseStart, phase: job.phase === 'counting' ? 'copying' : 'checking' };
}

async function processKeys(
  registry: Registry,
  stores: MigrationStores,
  job: MigrationJob,
  options: MigrationOptions,
): Promise<MigrationJob> {
  let at = job;
  const walk = walkStored(registry.table, [stores.from, stores.to], job.position ?? undefined);
  for await (const batch of inBatches(walk, BATCH)) {
    const tally = await moveBatch(registry, stores, at, batch, options);
    if (options.signal?.aborted) {
      return keepProgress(registry.table, at, { copied: sum(at.copied, tally.copied) });
    }
    at = await keepProgress(registry.table, at, {
      ...progressOf(at, tally),
      position: batch.at(-1)?.key ?? null,
      failure: null,
      updatedAt: registry.clock.now(),
    });
    options.onProgress?.(at, at.done);
  }
  return at;
}

/** The outcome of a batch of keys. */
interface Tally {
  done: Amount;
  pending: Amount;
  unknown: Amount;
  copied: Amount;
  readonly problems: BlobProblem[];
}

function progressOf(job: MigrationJob, tally: Tally): Partial<MigrationJob> {
  const counting = job.phase === 'counting';
  return {
    done: sum(job.done, tally.done),
    unknown: sum(job.unknown, tally.unknown),
    copied: sum(job.copied, tally.copied),
    copiedInPhase: job.copiedInPhase + tally.copied.blobs,
    problemCount: job.problemCount + tally.problems.length,
    problems: [...job.problems, ...tally.problems].slice(0, KEPT),
    ...(counting && { total: sum(job.total, tally.done), pending: sum(job.pending, tally.pending) }),
  };
}

function sum(one: Amount, other: Amount): Amount {
  return { blobs: one.blobs + other.blobs, bytes: one.bytes + other.bytes };
}

/** Processes a batch of keys: counts them and, except in the counting phase, copies missing blobs. */
async function moveBatch(
  registry: Registry,
  stores: MigrationStores,
  job: MigrationJob,
  batch: readonly StoredKey[],
  { signal, onProgress }: MigrationOptions,
): Promise<Tally> {
  const tally: Tally = { done: nothing, pending: nothing, unknown: nothing, copied: nothing, problems: [] };
  let bytesInProgress = 0;
  const report = (bytes: number) => {
    bytesInProgress += bytes;
    const done = sum(job.done, tally.done);
    onProgress?.(job, { ...done, bytes: done.bytes + bytesInProgress });
  };

  /** Copies a missing blob; returns how many of its bytes were reported as in progress. */
  async function move(key: string, source: BlobInfo, record: BlobRecord | undefined): Promise<number> {
    tally.pending = plusBlob(tally.pending, source.size);
    if (job.phase === 'counting') return 0;
    let reported = 0;
    const outcome = await copyBlob(stores, { key, record, signal }, (bytes) => {
      reported += bytes;
      report(bytes);
    });
    if (outcome === 'copied') tally.copied = plusBlob(tally.copied, source.size);
    else if (outcome !== 'gone') tally.problems.push(outcome);
    return reported;
  }

  async function processKey({ key, record, stored: [source, target] }: StoredKey): Promise<void> {
    if (signal?.aborted) return;
    const at = record ?? { storageKey: key };
    if (source) {
      if (!target) {
        const reported = await move(key, source, record);
        bytesInProgress -= reported;
      } else if (target.size !== source.size) {
        tally.problems.push(problemOf('wrong-size', at, `${target.size} bytes, not ${source.size}`));
      }
      if (!record) tally.unknown = plusBlob(tally.unknown, source.size);
      tally.done = plusBlob(tally.done, source.size);
      report(0);
    } else if (!target && record && (await isMissing(registry, stores, record))) {
      tally.problems.push(problemOf('missing', at, `${record.size} bytes`));
    }
  }

  await mapConcurrently(batch, job.concurrency, processKey);
  return tally;
}

/** Whether a record that was found in the index still exists, and its bytes are in neither store. */
async function isMissing(
  registry: Registry,
  { from, to }: MigrationStores,
  { sha256, storageKey }: BlobRecord,
): Promise<boolean> {
  const record = maybeEntity<BlobRecord>(await registry.table.get(keys.blob(sha256)));
  if (record?.storageKey !== storageKey) return false;
  return !(await to.head(storageKey)) && !(await from.head(storageKey));
}
