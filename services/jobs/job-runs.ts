import type { RegistryEvent } from '../domain/events.ts';
import type { JobName } from '../job-list.ts';
import type { Registry } from '../registry/context.ts';

/**
 * A run of a job, for an event or on schedule. Any run may be repeated. `unfinished` requests another run that
 * continues where this one stopped, at `signal` or before.
 */
export type JobRun = (
  registry: Registry,
  event: RegistryEvent | undefined,
  signal: AbortSignal,
) => Promise<'done' | 'unfinished'>;

/** The functions of the jobs, loaded when first needed: a Lambda function runs one of them. */
export const jobRuns: Readonly<Record<JobName, () => Promise<JobRun>>> = {
  audit: async () => (await import('./record-audit.ts')).recordAudit,
  search: async () => (await import('./index-name.ts')).indexName,
  indexes: async () => (await import('./build-indexes.ts')).buildIndexes,
  downloads: async () => (await import('./count-logged-downloads.ts')).countLoggedDownloads,
  cleanup: async () => (await import('./clean-up.ts')).cleanUp,
};
