import type { RegistryEvent } from '../domain/events.ts';
import type { JobName } from '../job-list.ts';
import type { Registry } from '../registry/context.ts';

/**
 * One run of a job: for an event, or without one because its time has come. It may be repeated at any time, and for any
 * event. `unfinished` asks for another run that goes on where this one stopped, be it at `signal` or before.
 */
export type JobRun = (
  registry: Registry,
  event: RegistryEvent | undefined,
  signal: AbortSignal,
) => Promise<'done' | 'unfinished'>;

/** The function of each job, loaded when it is first needed: a Lambda function runs one of them. */
export const jobRuns: Readonly<Record<JobName, () => Promise<JobRun>>> = {
  audit: async () => (await import('./record-audit.ts')).recordAudit,
  search: async () => (await import('./index-name.ts')).indexName,
  indexes: async () => (await import('./build-indexes.ts')).buildIndexes,
  downloads: async () => (await import('./count-logged-downloads.ts')).countLoggedDownloads,
  cleanup: async () => (await import('./clean-up.ts')).cleanUp,
};
