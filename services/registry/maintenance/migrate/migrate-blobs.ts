import type { BlobInfo } from '../../../ports/blob-store.ts';
import { ConditionFailed } from '../../../ports/table.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { inBatches } from '../merge-by-key.ts';
import { type Amount, nothing, type Problem, plusBlob, problemOf } from '../storage-problems.ts';
import { type StoredKey, walkStored } from '../walk-stored.ts';
import { copyBlob, type MigrationStores } from './copy-blob.ts';
import {
  findMigration,
  finishMigration,
  keepProgress,
  type MigrationJob,
  phaseStart,
} from './migration-job.ts';

/** How a migration is run. */
export interface MigrationOptions {
  /** Stops it; what is being copied is given up, and the next run goes on from there. */
  readonly signal?: AbortSignal;
  /** Is told, whenever bytes have moved, how much of the phase is done. */
  readonly onProgress?: (job: MigrationJob, done: Amount) => void;
}

/** How many storage keys are gone through before the position is kept. */
const BATCH = 250;

/** How many problems are kept. */
const KEPT = 100;

/**
 * Copies what is not there yet, key by key, under the same storage keys. The bytes are checked on their way against
 * the digest in their record, and what does not match is not left there. It goes through all keys again until it has
 * found nothing to copy: then everything is there, whatever was added meanwhile.
 *
 * What is done is kept in the job, so that a process that was killed, at any point, goes on from there. Several
 * processes may run the same job. Nothing is removed from the store that is moved from.
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
      // Another process has come to the end of the phase, or of all, or has started another job in its place.
      const current = await findMigration(registry.table, job);
      if (!current) throw error;
      at = current;
    }
  }
  return at;
}

/** Goes through the keys from where the job is; then it is finished, or at its next phase. */
async function runPhase(
  registry: Registry,
  stores: MigrationStores,
  job: MigrationJob,
  options: MigrationOptions,
): Promise<MigrationJob> {
  const at = await goThroughKeys(registry, stores, job, options);
  if (options.signal?.aborted) return at;
  // What another run went through may have changed since: it ends with a phase that is all its own.
  const whole = job.position === null && job.phase !== 'counting';
  const done = job.dryRun || (whole && at.copiedInPhase === 0);
  return done ? finishMigration(registry, at) : keepProgress(registry.table, at, nextPhase(at));
}

function nextPhase(job: MigrationJob): Partial<MigrationJob> {
  return { ...phaseStart, phase: job.phase === 'counting' ? 'copying' : 'checking' };
}

async function goThroughKeys(
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

/** What going through some keys came to. */
interface Tally {
  done: Amount;
  pending: Amount;
  unknown: Amount;
  copied: Amount;
  readonly problems: Problem[];
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

/** Goes through some keys; in the phases that copy, copies what is not there. */
async function moveBatch(
  registry: Registry,
  stores: MigrationStores,
  job: MigrationJob,
  batch: readonly StoredKey[],
  { signal, onProgress }: MigrationOptions,
): Promise<Tally> {
  const tally: Tally = { done: nothing, pending: nothing, unknown: nothing, copied: nothing, problems: [] };
  let underWay = 0;
  const tell = (bytes: number) => {
    underWay += bytes;
    const done = sum(job.done, tally.done);
    onProgress?.(job, { ...done, bytes: done.bytes + underWay });
  };

  /** Copies a blob that is not there; answers how many bytes of it were told to be under way. */
  async function move(key: string, here: BlobInfo, record: BlobRecord | undefined): Promise<number> {
    tally.pending = plusBlob(tally.pending, here.size);
    if (job.phase === 'counting') return 0;
    let passed = 0;
    const outcome = await copyBlob(stores, { key, record, signal }, (bytes) => {
      passed += bytes;
      tell(bytes);
    });
    if (outcome === 'copied') tally.copied = plusBlob(tally.copied, here.size);
    else if (outcome !== 'gone') tally.problems.push(outcome);
    return passed;
  }

  async function goThrough({ key, record, stored: [here, there] }: StoredKey): Promise<void> {
    if (signal?.aborted) return;
    const at = record ?? { storageKey: key };
    if (here) {
      if (!there) {
        const passed = await move(key, here, record);
        underWay -= passed;
      } else if (there.size !== here.size) {
        tally.problems.push(problemOf('wrong-size', at, `${there.size} bytes, not ${here.size}`));
      }
      if (!record) tally.unknown = plusBlob(tally.unknown, here.size);
      tally.done = plusBlob(tally.done, here.size);
      tell(0);
    } else if (!there && record && (await isMissing(registry, stores, record))) {
      tally.problems.push(problemOf('missing', at, `${record.size} bytes`));
    }
  }

  await mapConcurrently(batch, job.concurrency, goThrough);
  return tally;
}

/** Whether a record that the index told of still speaks of bytes that are in neither store. */
async function isMissing(
  registry: Registry,
  { from, to }: MigrationStores,
  { sha256, storageKey }: BlobRecord,
): Promise<boolean> {
  const record = maybeEntity<BlobRecord>(await registry.table.get(keys.blob(sha256)));
  if (record?.storageKey !== storageKey) return false;
  return !(await to.head(storageKey)) && !(await from.head(storageKey));
}
