/**
 * The background jobs as plain data: `lib` creates queues, functions and alarms from it, and both hosts run it. A
 * job is an entry here and its function in `services/jobs/job-runs.ts`.
 */
import { type EventType, storedEventType } from './domain/events.ts';

/**
 * Permissions of a job, in addition to reading its settings and writing its log. `change-packages` is `change-registry`
 * without users, groups, paths and tokens.
 */
export type JobRight =
  | 'change-registry'
  | 'change-packages'
  | 'put-blobs'
  | 'delete-blobs'
  | 'append-audit'
  | 'sign';

/** A background job. Times are in seconds. */
export interface Job {
  readonly name: string;
  /** The description of its function. */
  readonly description: string;
  /** The event types it subscribes to. */
  readonly events: 'all' | readonly EventType[];
  /** The source of the events: by default the outbox, or the downloads that functions log. */
  readonly from?: 'download-log';
  /** The interval of scheduled runs, in addition to runs for events. */
  readonly schedule?: number;
  /** The maximum duration of a run. The job is signalled shortly before and reports that it has not finished. */
  readonly timeout: number;
  /** The maximum number of messages per invocation, and how long to collect them. */
  readonly batch: number;
  readonly gather?: number;
  /** The maximum number of concurrent batches, at least 2. */
  readonly concurrency: number;
  /** The age of a message that triggers an alarm. */
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
    description:
      'finishes changes and deletions of groups, purges removed projects and deletes orphaned blobs',
    events: [
      'group_changed',
      'group_removal_started',
      'project_deleted',
      'package_deleted',
      'package_file_deleted',
    ],
    schedule: 6 * HOUR,
    timeout: 15 * MINUTE,
    // Concurrent runs would only check the same blobs twice. Messages are collected: most runs find nothing to
    // delete yet, because blobs are kept for the grace period. A whole batch must finish in time, with 20 seconds for
    // each message.
    batch: 40,
    gather: 5 * MINUTE,
    concurrency: 2,
    maxAge: 3 * HOUR,
    rights: ['change-registry', 'delete-blobs'],
  },
  {
    name: 'search',
    description: 'updates the search words of package names',
    events: ['name_added', 'name_removed'],
    timeout: 30,
    batch: 10,
    concurrency: 10,
    maxAge: 15 * MINUTE,
    rights: ['change-packages'],
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
    // Many publishes lead to one build. Anyone who reads an index before it is built builds it.
    batch: 100,
    gather: 5,
    concurrency: 2,
    maxAge: 1 * HOUR,
    rights: ['change-packages', 'put-blobs', 'sign'],
  },
  {
    name: 'downloads',
    description: 'counts the downloads logged by functions, and records uses of tokens',
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

/** How many times a message is tried before it becomes a dead letter. */
export const JOB_ATTEMPTS = 5;

/**
 * Seconds until a failed message is redelivered: six times the duration of a run, as Lambda recommends, because a
 * batch may wait for a free function first.
 */
export function retryAfter(job: Pick<Job, 'timeout'>): number {
  return 6 * job.timeout;
}

/** Whether a job subscribes to an event type. */
export function getsEvent({ events }: Job, type: string): boolean {
  return events === 'all' || events.some((each) => each === type);
}

/** Returns the types of a job's events as the outbox stores them, by which a topic filters. */
export function outboxTypes({ events }: Job): 'all' | readonly string[] {
  return events === 'all' ? events : events.map(storedEventType);
}
