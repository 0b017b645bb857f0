import type { RegistryEvent } from '../domain/events.ts';
import { getsEvent, type Job, type JobName } from '../job-list.ts';
import { type JobRun, jobRuns } from '../jobs/job-runs.ts';
import type { JobOutcome } from '../ports/meter.ts';
import type { Registry } from '../registry/context.ts';
import { readEvent } from '../registry/events/record-event.ts';
import { downloadsEvent, type LogDelivery } from './download-log.ts';

/** The maximum number of runs per message. Remaining work is left for the next scheduled run. */
const MAX_ROUNDS = 100;

/** How long before its timeout a job is signalled to stop, in milliseconds. */
export const STOP_NOTICE = 10_000;

/** A request to run a job, for an event or on schedule. `round` counts the previous runs. */
interface JobMessage {
  readonly event?: RegistryEvent | undefined;
  readonly round: number;
}

/** The relevant part of a record of the table's stream, as EventBridge Pipes delivers it. */
interface StreamRecord {
  readonly eventName?: string;
  readonly dynamodb: {
    readonly Keys?: { readonly pk?: { readonly S?: string } };
    readonly NewImage?: { readonly event?: { readonly S?: string } };
  };
}

/** The message that requests a scheduled run. `lib/stacks/jobs-stack.ts` sends the same. */
export function scheduledRun(job: JobName): string {
  return JSON.stringify({ job });
}

/**
 * Reads a message: an event, a stream record that contains one, log lines that record downloads, or a message made
 * in this file. Undefined for any other stream record: the pipe only passes on new outbox items, but correctness
 * must not depend on its filter.
 */
export function readJobMessage(body: string): JobMessage | undefined {
  const message: unknown = JSON.parse(body);
  if (typeof message !== 'object' || message === null) throw new TypeError('not a job message');
  if ('dynamodb' in message) return fromStream(message as StreamRecord);
  if ('awslogs' in message) return fromLog(message as LogDelivery);
  // A log delivery that a function failed to process, as Lambda sends it to a queue.
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
 * Handles the messages of a job: runs the job and, if it has not finished, sends a message for the next run.
 * `stop` is aborted when the host must shut down. Throws when a run fails, so that the queue redelivers the
 * message.
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
    const started = performance.now();
    const count = (outcome: JobOutcome) => registry.meter.job(job.name, outcome, performance.now() - started);
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeout)]);
    const outcome = await run(registry, message.event, signal).catch((error: unknown) => {
      count('failed');
      throw error;
    });
    count(outcome);
    if (outcome === 'done') return;
    const round = message.round + 1;
    if (round < MAX_ROUNDS) await send(JSON.stringify({ job: job.name, round, event: message.event }));
    else registry.log.error('job not finished', { job: job.name, rounds: round });
  };
}
