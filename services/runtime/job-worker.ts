import type { RegistryEvent } from '../domain/events.ts';
import { getsEvent, type Job, type JobName } from '../job-list.ts';
import { type JobRun, jobRuns } from '../jobs/job-runs.ts';
import type { Registry } from '../registry/context.ts';
import { readEvent } from '../registry/events/record-event.ts';
import { downloadsEvent, type LogDelivery } from './download-log.ts';

/** How many runs one message may lead to. What is left then is for the next scheduled run. */
const MAX_ROUNDS = 100;

/** How long before its timeout a job is asked to stop, in milliseconds. */
export const STOP_NOTICE = 10_000;

/** What a message asks a job for: a run for an event, or a scheduled run. `round` counts the runs before. */
interface JobMessage {
  readonly event?: RegistryEvent | undefined;
  readonly round: number;
}

/** A record of the table's stream, as a pipe hands it over: what matters of it here. */
interface StreamRecord {
  readonly eventName?: string;
  readonly dynamodb: {
    readonly Keys?: { readonly pk?: { readonly S?: string } };
    readonly NewImage?: { readonly event?: { readonly S?: string } };
  };
}

/** The text of a message that asks a job for a scheduled run. `lib/stacks/jobs-stack.ts` sends the same. */
export function scheduledRun(job: JobName): string {
  return JSON.stringify({ job });
}

/**
 * Reads a message: an event, a record of the table's stream that holds one, lines of a log that tell of downloads, or what
 * this file makes. Undefined for a record of anything else: the pipe passes only new outbox items on, but a filter is not what correctness rests on.
 */
export function readJobMessage(body: string): JobMessage | undefined {
  const message: unknown = JSON.parse(body);
  if (typeof message !== 'object' || message === null) throw new TypeError('not the message of a job');
  if ('dynamodb' in message) return fromStream(message as StreamRecord);
  if ('awslogs' in message) return fromLog(message as LogDelivery);
  // A delivery of a log that a function failed to work off, as Lambda hands it to a queue.
  if ('requestPayload' in message) return fromLog(message.requestPayload as LogDelivery);
  if ('job' in message) {
    const { event, round = 0 } = message as Partial<JobMessage>;
    return { event, round };
  }
  return { event: readEvent(body), round: 0 };
}

function fromLog(delivery: LogDelivery): JobMessage | undefined {
  const event = downloadsEvent(delivery);
  return event && { event, round: 0 };
}

function fromStream({ eventName, dynamodb: { Keys, NewImage } }: StreamRecord): JobMessage | undefined {
  if (eventName !== 'INSERT' || !Keys?.pk?.S?.startsWith('EVENT#')) return undefined;
  return { event: readEvent(NewImage?.event?.S ?? ''), round: 0 };
}

/**
 * What a host does with the messages of a job: runs it, and when it has not finished sends a message that leads to the
 * next run. Throws when the run failed: the queue then brings the message again. `stop` is when the host must end.
 */
export function jobWorker(
  registry: Registry,
  job: Job & { readonly name: JobName },
  send: (body: string) => Promise<void>,
  load: () => Promise<JobRun> = jobRuns[job.name],
): (body: string, stop: AbortSignal) => Promise<void> {
  const timeout = job.timeout * 1000 - STOP_NOTICE;
  return async (body, stop) => {
    const message = readJobMessage(body);
    if (!message || (message.event && !getsEvent(job, message.event.type))) return;
    const run = await load();
    const outcome = await run(registry, message.event, AbortSignal.any([stop, AbortSignal.timeout(timeout)]));
    if (outcome === 'done') return;
    const round = message.round + 1;
    if (round < MAX_ROUNDS) await send(JSON.stringify({ job: job.name, round, event: message.event }));
    else registry.log.error('job not finished', { job: job.name, rounds: round });
  };
}
