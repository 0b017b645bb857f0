import { memoryQueue } from '../../services/adapters/memory/memory-queue.ts';
import { JOB_ATTEMPTS, type Job, type JobName, jobs } from '../../services/job-list.ts';
import type { JobRun } from '../../services/jobs/job-runs.ts';
import type { Message, Queue } from '../../services/ports/queue.ts';
import type { Registry } from '../../services/registry/context.ts';
import { jobWorker } from '../../services/runtime/job-worker.ts';
import { dispatchEvents } from '../../services/runtime/server/jobs.ts';

/** A job of the list. */
export type NamedJob = Job & { readonly name: JobName };

/** What a test may change about the jobs of a host. */
export interface JobOptions {
  /** Other functions for some jobs. */
  readonly runs?: Partial<Record<JobName, JobRun>>;
  /** Additional messages for the queues, in their stored form. */
  readonly messages?: Partial<Record<JobName, readonly string[]>>;
  /** How often each message is delivered although nothing failed. */
  readonly deliveries?: number;
}

/** The messages that became dead letters, by job. */
export type DeadMessages = Readonly<Record<string, readonly string[]>>;

/** A host of jobs: delivers the events of the outbox to the jobs and processes them, until nothing is left. */
export interface JobHost {
  readonly name: string;
  run(registry: Registry, options?: JobOptions): Promise<DeadMessages>;
}

/** Loads the function that a test has given for a job, if it has. */
export function loadOf(job: NamedJob, { runs }: JobOptions): (() => Promise<JobRun>) | undefined {
  const run = runs?.[job.name];
  return run && (async () => run);
}

/** The Node server: its dispatcher, and queues that retry immediately. */
export const serverHost: JobHost = {
  name: 'the server',
  async run(registry, options = {}) {
    const dead: Record<string, readonly string[]> = {};
    const queued = jobs.map((job) => ({
      job,
      ...countedQueue(options.deliveries),
    }));
    for (const { job, queue } of queued) await queue.send(options.messages?.[job.name] ?? []);
    for (let work = true; work; ) {
      work = (await dispatchEvents(registry, queued)) > 0;
      for (const { job, queue, drain } of queued) {
        const send = (body: string) => queue.send([body]);
        const run = jobWorker(registry, job, send, loadOf(job, options));
        work = (await drain(({ body }, signal) => run(body, signal))) || work;
        dead[job.name] = (await queue.deadLetters()).map(({ body }) => body);
      }
    }
    return dead;
  },
};

/** A queue that knows when it is empty. */
function countedQueue(deliveries = 1) {
  const queue = memoryQueue({ retryAfter: 0, maxAttempts: JOB_ATTEMPTS });
  let waiting = 0;
  const counted: Queue = {
    ...queue,
    async send(bodies) {
      const all = Array.from({ length: deliveries }, () => bodies).flat();
      waiting += all.length;
      await queue.send(all);
    },
  };
  /** Processes all waiting messages. Returns false if no message was waiting. */
  async function drain(work: (message: Message, signal: AbortSignal) => Promise<void>): Promise<boolean> {
    if (waiting === 0) return false;
    const stop = new AbortController();
    const done = () => {
      waiting--;
      if (waiting === 0) stop.abort();
    };
    await queue.consume(async (message) => {
      try {
        await work(message, new AbortController().signal);
      } catch (error) {
        if (message.attempt >= JOB_ATTEMPTS) done();
        throw error;
      }
      done();
    }, stop.signal);
    return true;
  }
  return { queue: counted, drain };
}

/** Runs the jobs of a registry until nothing is left to do; throws if a message became a dead letter. */
export async function runJobs(registry: Registry): Promise<void> {
  const dead = Object.entries(await serverHost.run(registry)).filter(([, messages]) => messages.length > 0);
  if (dead.length > 0) throw new Error(`messages became dead letters: ${JSON.stringify(dead)}`);
}
