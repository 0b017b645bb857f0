import { randomUUID } from 'node:crypto';
import {
  type Condition,
  ConditionFailed,
  type Key,
  type Table,
  type TableReader,
  type Value,
} from '../../../ports/table.ts';
import type { Registry } from '../../context.ts';
import { entityOf, itemOf, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { type Amount, type BlobProblem, nothing } from '../storage-problems.ts';
import { checkMove, findHome, homeWrite, type Move } from './storage-home.ts';

/** A migration of all blobs from one storage location to another, with its progress, as stored in the table. */
export interface MigrationJob extends MigrationOrder {
  readonly id: string;
  readonly state: 'running' | 'finished';
  /** All blobs are counted, then copied, then checked again until there is nothing left to copy. */
  readonly phase: 'counting' | 'copying' | 'checking';
  /** All storage keys up to this one are done in this phase; null at its start. */
  readonly position: string | null;
  /** Blobs counted in the source location, and how many of them were missing from the target. */
  readonly total: Amount;
  readonly pending: Amount;
  /** Blobs processed in this phase, and how many of them have no record. */
  readonly done: Amount;
  readonly unknown: Amount;
  /** Like `done`, with the bytes in progress. A moment old, so at times behind `done`. */
  readonly live?: Amount | undefined;
  /** Blobs copied, in all phases and in this one. */
  readonly copied: Amount;
  readonly copiedInPhase: number;
  /** The number of problems found in this phase, and the first of them. */
  readonly problemCount: number;
  readonly problems: readonly BlobProblem[];
  /** Why the migration is stalled, or null. */
  readonly failure: string | null;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | null;
}

/** The parameters of a migration. */
export interface MigrationOrder extends Move {
  /** Whether to only count what would be copied. */
  readonly dryRun: boolean;
  /** How many blobs to copy concurrently. */
  readonly concurrency: number;
}

/** The state of a job at the start of a phase. */
export const phaseStart = {
  position: null,
  done: nothing,
  unknown: nothing,
  copiedInPhase: 0,
  problemCount: 0,
  problems: [],
  live: undefined,
} satisfies Partial<MigrationJob>;

/** A dry run has a separate item, so that it can count the rest of an unfinished migration. */
function keyFor(dryRun: boolean): Key {
  return keys.job(dryRun ? 'storage-dry-run' : 'storage-migration');
}

/** Returns the last migration or dry run, running or finished. */
export async function findMigration(
  table: TableReader,
  { dryRun = false } = {},
): Promise<MigrationJob | undefined> {
  return maybeEntity<MigrationJob>(await table.get(keyFor(dryRun)));
}

/**
 * Starts a migration. An unfinished one between the same storage locations continues with the new concurrency, unless
 * `startOver` is set; one between other locations is replaced.
 */
export async function startMigration(
  registry: Registry,
  order: MigrationOrder,
  { startOver = false } = {},
): Promise<MigrationJob> {
  const { dryRun, concurrency } = order;
  for (;;) {
    const current = await findMigration(registry.table, { dryRun });
    const same = current?.from === order.from && current.to === order.to;
    try {
      if (current?.state === 'running' && same && !startOver) {
        const set = { concurrency };
        return entityOf(await registry.table.update(keyFor(dryRun), { set }, running(current)));
      }
      const job = newJob(registry.clock.now(), order);
      const when = current ? { equals: { id: current.id, state: current.state } } : { exists: false };
      await registry.table.write([{ put: itemOf(keyFor(dryRun), job), when }]);
      return job;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
}

function newJob(now: number, order: MigrationOrder): MigrationJob {
  return {
    id: randomUUID(),
    ...order,
    ...phaseStart,
    state: 'running',
    phase: 'counting',
    total: nothing,
    pending: nothing,
    copied: nothing,
    failure: null,
    startedAt: now,
    updatedAt: now,
    finishedAt: null,
  };
}

function running({ id }: MigrationJob) {
  return { equals: { id, state: 'running' } } as const satisfies Condition;
}

/**
 * Stores progress, and returns the updated job.
 * @throws ConditionFailed if the job no longer runs or is in another phase, where the caller must then continue
 */
export async function keepProgress(
  table: Table,
  job: MigrationJob,
  changes: Partial<MigrationJob>,
): Promise<MigrationJob> {
  const set = changes as { readonly [name: string]: Value };
  const when = { equals: { ...running(job).equals, phase: job.phase } };
  return entityOf(await table.update(keyFor(job.dryRun), { set }, when));
}

/**
 * Marks a migration as finished and, in the same transaction, its target as the storage location of all blobs.
 * @throws RegistryError `conflict` if a server has started to store blobs elsewhere in the meantime
 */
export async function finishMigration(registry: Registry, job: MigrationJob): Promise<MigrationJob> {
  const { table, clock } = registry;
  const now = clock.now();
  const finished = { state: 'finished', failure: null, updatedAt: now, finishedAt: now } as const;
  const end = { update: keyFor(job.dryRun), set: finished, when: running(job) };
  if (job.dryRun) await table.write([end]);
  else {
    const home = await findHome(table);
    checkMove(home, job);
    await table.write([end, homeWrite({ location: job.to }, home)]);
  }
  registry.log.info('storage migration finished', { from: job.from, to: job.to, dry_run: job.dryRun });
  return { ...job, ...finished };
}
