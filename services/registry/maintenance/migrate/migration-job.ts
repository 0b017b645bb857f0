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
import { type Amount, nothing, type Problem } from '../storage-problems.ts';
import { checkMove, findHome, homeWrite, type Move } from './storage-home.ts';

/** A move of all blobs from one place to another, and how far it is: what is kept of it in the table. */
export interface MigrationJob extends MigrationOrder {
  readonly id: string;
  readonly state: 'running' | 'finished';
  /** All blobs are counted, then copied, then gone through again until there is nothing left to copy. */
  readonly phase: 'counting' | 'copying' | 'checking';
  /** In this phase, every storage key up to this one is done; null at its start. */
  readonly position: string | null;
  /** What was counted at the place to move from, and how much of it was not at the other one. */
  readonly total: Amount;
  readonly pending: Amount;
  /** What this phase has gone through, and how much of that no record knows. */
  readonly done: Amount;
  readonly unknown: Amount;
  /** What of this phase is done, with the bytes under way: as of a moment ago, and behind `done` at times. */
  readonly live?: Amount | undefined;
  /** What has been copied, in all phases and in this one. */
  readonly copied: Amount;
  readonly copiedInPhase: number;
  /** What was found wrong in this phase: how often, and the first of it. */
  readonly problemCount: number;
  readonly problems: readonly Problem[];
  /** Why it does not get on at the moment, or null. */
  readonly failure: string | null;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | null;
}

/** What the starter of a migration decides. */
export interface MigrationOrder extends Move {
  /** Only count what there is to copy. */
  readonly dryRun: boolean;
  /** How many blobs are copied at a time. */
  readonly concurrency: number;
}

/** What there is when a phase begins. */
export const phaseStart = {
  position: null,
  done: nothing,
  unknown: nothing,
  copiedInPhase: 0,
  problemCount: 0,
  problems: [],
  live: undefined,
} satisfies Partial<MigrationJob>;

/** A dry run has a place of its own, so that what is left of a move can be counted. */
function keyFor(dryRun: boolean): Key {
  return keys.job(dryRun ? 'storage-dry-run' : 'storage-migration');
}

/** The last migration, or the last dry run, running or finished. */
export async function findMigration(
  table: TableReader,
  { dryRun = false } = {},
): Promise<MigrationJob | undefined> {
  return maybeEntity<MigrationJob>(await table.get(keyFor(dryRun)));
}

/**
 * Starts a migration. One of the same places that was not finished goes on, with the concurrency given now, unless it is
 * to be started `anew`; one of other places ends here.
 */
export async function startMigration(
  registry: Registry,
  order: MigrationOrder,
  { anew = false } = {},
): Promise<MigrationJob> {
  const { dryRun, concurrency } = order;
  for (;;) {
    const current = await findMigration(registry.table, { dryRun });
    const same = current?.from === order.from && current.to === order.to;
    try {
      if (current?.state === 'running' && same && !anew) {
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
 * Puts progress on record; answers the job as it then stands.
 * @throws ConditionFailed when it runs no more, or is at another phase: who is still at this one must start over there.
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
 * Puts on record that a migration is finished, and at once that the blobs are where it moved them.
 * @throws RegistryError `conflict` when a server has begun to store blobs elsewhere meanwhile.
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
    await table.write([end, homeWrite({ place: job.to }, home)]);
  }
  registry.log.info('storage migration finished', { from: job.from, to: job.to, dry_run: job.dryRun });
  return { ...job, ...finished };
}
