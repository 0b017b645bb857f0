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

/** How often the table is polled for work, and the delay after a failure, in milliseconds. */
const POLL_EVERY = 500;
const AFTER_FAILURE = 10_000;

/** How often the bytes in progress are reported, in milliseconds. */
const REPORT_EVERY = 1_000;

/**
 * Runs the recorded migrations of these stores, including those that a previous server left unfinished. A failure
 * is saved in the job for people to see, and the job is retried after a while.
 */
export function startMigrations(
  registry: Registry,
  stores: MigrationStores,
  home: StorageHome,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;

  /** Runs the recorded migration and returns how long to wait until the next poll. */
  async function poll(dryRun: boolean): Promise<number> {
    const job = await findMigration(registry.table, { dryRun });
    if (job?.state !== 'running' || job.from !== home.from || job.to !== home.location) return POLL_EVERY;
    try {
      const { from, to, phase, position } = job;
      registry.log.info('storage migration runs', { from, to, dry_run: dryRun, phase, position });
      await runMigration(registry, stores, job, { signal, onProgress: progressReporter(registry) });
      return 0;
    } catch (error) {
      registry.log.error('storage migration failed', { error });
      await keepFailure(registry, job, error);
      return AFTER_FAILURE;
    }
  }

  async function run(dryRun: boolean): Promise<void> {
    while (!signal.aborted) {
      const wait = await poll(dryRun).catch((error: unknown) => {
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

/** Saves the progress periodically, so that observers see large blobs move. */
function progressReporter(registry: Registry): (job: MigrationJob, done: Amount) => void {
  let reportedAt = performance.now();
  return (job, live) => {
    if (performance.now() - reportedAt < REPORT_EVERY) return;
    reportedAt = performance.now();
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
