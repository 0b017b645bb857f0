/**
 * The background jobs, as plain data: `lib` makes queues, functions and alarms from it, both hosts run it. A job is one
 * line here and its function in `services/jobs/job-runs.ts`.
 */
import type { EventType } from './domain/events.ts';

/** What a job may do beside reading its settings and writing its log. */
export type JobRight = 'change-registry' | 'put-blobs' | 'delete-blobs' | 'append-audit' | 'sign';

/** One background job. Times are seconds. */
export interface Job {
  readonly name: string;
  /** For the people who see its function. */
  readonly description: string;
  /** The events it gets: all that transactions record, or those of some types. */
  readonly events: 'all' | readonly EventType[];
  /** Where the events come from: the outbox unless told, or what functions log of downloads. */
  readonly from?: 'download-log';
  /** How often it runs without an event, beside those that events start. */
  readonly schedule?: number;
  /** How long one run may take; the job hears of it shortly before and says that it has not finished. */
  readonly timeout: number;
  /** How many messages a function gets at once, and how long they are gathered for that. */
  readonly batch: number;
  readonly gather?: number;
  /** How many batches are worked on at once, at least 2. */
  readonly concurrency: number;
  /** How old a message may get before somebody is told. */
  readonly maxAge: number;
  readonly rights: readonly JobRight[];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Every job. */
export const jobs = [
  {
    name: 'audit',
    description: 'writes events into the audit table',
    events: 'all',
    timeout: 30,
    batch: 10,
    concurrency: 10,
    maxAge: 15 * MINUTE,
    rights: ['append-audit'],
  },
  {
    name: 'cleanup',
    description: 'empties deleted projects and removes blobs that nothing refers to',
    events: ['project_deleted', 'package_deleted', 'package_file_deleted'],
    schedule: 6 * HOUR,
    timeout: 15 * MINUTE,
    // Two at once would only look at the same blobs twice. Messages are gathered: most find nothing to remove yet,
    // because blobs are kept for the grace period. A whole batch has to fit into the time, 20 seconds for each message.
    batch: 40,
    gather: 5 * MINUTE,
    concurrency: 2,
    maxAge: 3 * HOUR,
    rights: ['change-registry', 'delete-blobs'],
  },
  {
    name: 'search',
    description: 'keeps the words by which searches find names',
    events: ['name_listed', 'name_unlisted'],
    timeout: 30,
    batch: 10,
    concurrency: 10,
    maxAge: 15 * MINUTE,
    rights: ['change-registry'],
  },
  {
    name: 'indexes',
    description: 'builds the indexes over all packages of a project',
    events: [
      'package_published',
      'package_file_added',
      'package_deleted',
      'package_file_deleted',
      'package_restored',
      'package_file_restored',
      'package_changed',
    ],
    timeout: 15 * MINUTE,
    // Many publishes lead to one build. Who reads an index before it has happened builds it.
    batch: 100,
    gather: 5,
    concurrency: 2,
    maxAge: 1 * HOUR,
    rights: ['change-registry', 'put-blobs', 'sign'],
  },
  {
    name: 'downloads',
    description: 'counts the downloads that functions have logged',
    events: ['files_downloaded'],
    from: 'download-log',
    timeout: MINUTE,
    batch: 10,
    concurrency: 2,
    maxAge: 15 * MINUTE,
    rights: ['change-registry'],
  },
] as const satisfies readonly Job[];

/** A job's name. */
export type JobName = (typeof jobs)[number]['name'];

/** How often a message is tried before it lies among the dead letters. */
export const JOB_ATTEMPTS = 5;

/**
 * Seconds until a message that failed comes again: six times as long as a run may take, as Lambda advises, because a
 * batch may wait for a free function before it runs.
 */
export function retryAfter(job: Pick<Job, 'timeout'>): number {
  return 6 * job.timeout;
}

/** Whether a job is to get an event of a type. */
export function getsEvent({ events }: Job, type: string): boolean {
  return events === 'all' || events.some((each) => each === type);
}
