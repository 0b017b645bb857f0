import type { Registry } from '../../registry/context.ts';
import type { MigrationStores } from '../../registry/maintenance/migrate/copy-blob.ts';
import { runMigration } from '../../registry/maintenance/migrate/migrate-blobs.ts';
import {
  findMigration,
  keepProgress,
  type MigrationJob,
} from '../../registry/maintenance/migrate/migration-job.ts';
import type { StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';
import type { Amount } from '../../registry/maintenance/storage-problems.ts';
import { pause } from './repeat.ts';

/** How often the table is asked for work, and how long to wait after a failure, in milliseconds. */
const ASK_EVERY = 500;
const AFTER_FAILURE = 10_000;

/** How often the bytes that are under way are told, in milliseconds. */
const TELL_EVERY = 1_000;

/**
 * Runs the migrations that are on record for these stores, those a server before this one has left unfinished among
 * them. A failure is kept in the job for who looks at it, and tried again after a while.
 */
export function startMigrations(
  registry: Registry,
  stores: MigrationStores,
  home: StorageHome,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;

  /** Runs what is on record and answers how long to wait until it is looked at again. */
  async function ask(dryRun: boolean): Promise<number> {
    const job = await findMigration(registry.table, { dryRun });
    if (job?.state !== 'running' || job.from !== home.from || job.to !== home.place) return ASK_EVERY;
    try {
      const { from, to, phase, position } = job;
      registry.log.info('storage migration runs', { from, to, dry_run: dryRun, phase, position });
      await runMigration(registry, stores, job, { signal, onProgress: teller(registry) });
      return 0;
    } catch (error) {
      registry.log.error('storage migration failed', { error });
      await keepFailure(registry, job, error);
      return AFTER_FAILURE;
    }
  }

  async function run(dryRun: boolean): Promise<void> {
    while (!signal.aborted) {
      const wait = await ask(dryRun).catch((error: unknown) => {
        registry.log.error('storage migration not found', { error });
        return AFTER_FAILURE;
      });
      await pause(wait, signal);
    }
  }

  const running = Promise.all([run(false), run(true)]);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Puts what is under way on record now and then, so that who watches sees large blobs move. */
function teller(registry: Registry): (job: MigrationJob, done: Amount) => void {
  let told = performance.now();
  return (job, live) => {
    if (performance.now() - told < TELL_EVERY) return;
    told = performance.now();
    keepProgress(registry.table, job, { live }).catch((error: unknown) => {
      registry.log.debug('progress not kept', { error });
    });
  };
}

async function keepFailure(registry: Registry, job: MigrationJob, error: unknown): Promise<void> {
  const failure = error instanceof Error ? error.message : String(error);
  await keepProgress(registry.table, job, { failure }).catch((cause: unknown) => {
    registry.log.error('failure not kept', { error: cause });
  });
}
