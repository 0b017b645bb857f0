import { getsEvent, JOB_ATTEMPTS, type Job, type JobName, jobs, retryAfter } from '../../job-list.ts';
import type { Message, Queue, QueueOptions } from '../../ports/queue.ts';
import type { Item } from '../../ports/table.ts';
import type { Registry } from '../../registry/context.ts';
import { EVENT_SHARDS, eventOf } from '../../registry/events/record-event.ts';
import { ranges } from '../../registry/records/keys.ts';
import { takeDueRun } from '../../registry/records/schedule.ts';
import { jobWorker, scheduledRun } from '../job-worker.ts';
import { every } from './repeat.ts';

/** How often the outbox and the schedule are checked, in milliseconds. */
const DISPATCH_EVERY = 1_000;
const SCHEDULE_EVERY = 60_000;

/** Delay before a failed queue is consumed again, in milliseconds. */
const RETRY_CONSUME_AFTER = 1_000;

/** A job with its queue. */
export interface QueuedJob {
  readonly job: Job & { readonly name: JobName };
  readonly queue: Queue;
}

/** Opens the queues of all jobs, or of those named. */
export function openJobQueues(
  openQueue: (name: string, options: QueueOptions) => Queue,
  names: readonly string[] = jobs.map(({ name }) => name),
): readonly QueuedJob[] {
  return jobs.flatMap((job) => {
    if (!names.includes(job.name)) return [];
    const options = { retryAfter: retryAfter(job) * 1000, maxAttempts: JOB_ATTEMPTS };
    return [{ job, queue: openQueue(job.name, options) }];
  });
}

/**
 * Runs the jobs of a single machine: moves events from the outbox to the queues, and runs the jobs for queued
 * messages and on schedule.
 */
export function startJobs(
  registry: Registry,
  openQueue: (name: string, options: QueueOptions) => Queue,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const queued = openJobQueues(openQueue);
  const running = [
    ...queued.map((each) => consumeJob(registry, each, signal)),
    every(DISPATCH_EVERY, signal, registry, () => dispatchEvents(registry, queued)),
    every(SCHEDULE_EVERY, signal, registry, () => sendDueRuns(registry, queued)),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** Processes queues that others fill with events and scheduled runs. */
export function startConsuming(
  registry: Registry,
  openQueue: (name: string, options: QueueOptions) => Queue,
  names: readonly string[],
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const queued = openJobQueues(openQueue, names);
  const running = queued.map((each) => consumeJob(registry, each, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** Processes the messages of a job until `signal` is aborted. */
function consumeJob(registry: Registry, { job, queue }: QueuedJob, signal: AbortSignal): Promise<void> {
  const work = jobWorker(registry, job, (body) => queue.send([body]));
  async function handle({ id, body, attempt }: Message): Promise<void> {
    try {
      await work(body, signal);
    } catch (error) {
      registry.log.error('message failed', { job: job.name, message_id: id, attempt, error });
      throw error;
    }
  }
  // `consume` returns before the signal only when the queue has failed.
  return every(RETRY_CONSUME_AFTER, signal, registry, () => queue.consume(handle, signal));
}

/** Enqueues the scheduled runs that are due. A crash midway may enqueue a run twice, but never loses one. */
export async function sendDueRuns(registry: Registry, queued: readonly QueuedJob[]): Promise<void> {
  for (const { job, queue } of queued) {
    if (job.schedule === undefined) continue;
    await takeDueRun(registry, job.name, job.schedule * 1000, () => queue.send([scheduledRun(job.name)]));
  }
}

/**
 * Moves events from the outbox into the queue of every job that subscribes to them. An event leaves the outbox
 * only once all these queues have it, so a crash midway delivers it twice, but never loses it.
 */
export async function dispatchEvents(registry: Registry, queued: readonly QueuedJob[]): Promise<number> {
  let moved = 0;
  for (let shard = 0; shard < EVENT_SHARDS; shard++) {
    for (;;) {
      const { items, more } = await registry.table.query({ ...ranges.events(shard), limit: 50 });
      if (items.length === 0) break;
      const events = items.map((item) => ({ type: typeOf(item), body: String(item.event) }));
      for (const { job, queue } of queued) {
        await queue.send(events.filter(({ type }) => getsEvent(job, type)).map(({ body }) => body));
      }
      await registry.table.write(items.map(({ pk, sk }) => ({ delete: { pk, sk } })));
      moved += items.length;
      if (!more) break;
    }
  }
  return moved;
}

/**
 * The type of an outbox item's event; empty when it can't be read. Such an item must not hold up the others: it
 * goes to the jobs that get all events, which fail on it until it becomes a dead letter.
 */
function typeOf(item: Item): string {
  try {
    return eventOf(item).type;
  } catch {
    return '';
  }
}
