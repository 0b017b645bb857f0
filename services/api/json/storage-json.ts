import type { MigrationJob } from '../../registry/maintenance/migrate/migration-job.ts';
import type { StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';
import type { BlobProblem, Problem } from '../../registry/maintenance/storage-problems.ts';
import { timeJson } from './account-json.ts';

/** The storage location of the blobs, their last migration, and the last dry run of one. */
export function storageJson(
  home: StorageHome | undefined,
  job: MigrationJob | undefined,
  dryRun: MigrationJob | undefined,
) {
  return {
    location: home?.location ?? null,
    migrating_from: home?.from ?? null,
    migration: job ? migrationJson(job) : null,
    dry_run: dryRun ? migrationJson(dryRun) : null,
  };
}

/** A migration of blobs: the progress of its current phase, and its results so far. */
export function migrationJson(job: MigrationJob) {
  const { total, pending, done, live, copied, unknown } = job;
  return {
    id: job.id,
    from: job.from,
    to: job.to,
    dry_run: job.dryRun,
    concurrency: job.concurrency,
    state: job.state,
    phase: job.phase,
    total,
    to_copy: pending,
    done: { blobs: Math.max(done.blobs, live?.blobs ?? 0), bytes: Math.max(done.bytes, live?.bytes ?? 0) },
    copied,
    unknown,
    problem_count: job.problemCount,
    problems: job.problems.map(blobProblemJson),
    failure: job.failure,
    started_at: timeJson(job.startedAt),
    updated_at: timeJson(job.updatedAt),
    finished_at: timeJson(job.finishedAt),
  };
}

/** A problem with stored bytes or with the records that refer to them. */
function blobProblemJson(problem: BlobProblem) {
  const sha256: string | null = problem.sha256 ?? null;
  return {
    kind: problem.kind,
    sha256,
    storage_key: problem.storageKey,
    detail: problem.detail,
    files: problem.files,
  };
}

/** A problem with stored bytes, with the records that refer to them, or with stored metadata. */
export function problemJson(problem: Problem) {
  return problem.kind === 'unreadable-metadata' ? problem : blobProblemJson(problem);
}

/** See `migrationJson`. */
export type MigrationJson = ReturnType<typeof migrationJson>;
