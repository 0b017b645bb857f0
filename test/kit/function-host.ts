import type { Context, SQSEvent } from 'aws-lambda';
import { JOB_ATTEMPTS, type Job, jobs, outboxTypes } from '../../services/job-list.ts';
import type { Registry } from '../../services/registry/context.ts';
import { EVENT_SHARDS } from '../../services/registry/events/record-event.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { jobWorker } from '../../services/runtime/job-worker.ts';
import { queueHandler } from '../../services/runtime/lambda/queue-handler.ts';
import { type JobHost, type JobOptions, loadOf, type NamedJob } from './run-jobs.ts';

/** Functions behind queues, fed with the records of the table's stream as the pipe and the topic pass them on. */
export const functionHost: JobHost = {
  name: 'functions',
  async run(registry, options = {}) {
    const dead: Record<string, readonly string[]> = {};
    for (let work = true; work; ) {
      const records = await takeOutbox(registry);
      work = records.length > 0;
      for (const job of jobs) {
        const bodies = records.filter(({ type }) => passesFilter(job, type)).map(({ body }) => body);
        const first = dead[job.name] ? [] : (options.messages?.[job.name] ?? []);
        const given = await workOff(registry, job, [...bodies, ...first], options);
        dead[job.name] = [...(dead[job.name] ?? []), ...given];
      }
    }
    return dead;
  },
};

/** Whether the topic passes an outbox item of a type on to the queue of a job. */
function passesFilter(job: Job, type: string): boolean {
  const types = outboxTypes(job);
  return types === 'all' || types.includes(type);
}

/** Takes the events of the outbox, in the form of the stream. */
async function takeOutbox(registry: Registry): Promise<{ type: string; body: string }[]> {
  const records: { type: string; body: string }[] = [];
  for (let shard = 0; shard < EVENT_SHARDS; shard++) {
    const { items } = await registry.table.query(ranges.events(shard));
    for (const item of items) {
      const NewImage = { type: { S: item.type }, event: { S: item.event } };
      const Keys = { pk: { S: item.pk }, sk: { S: item.sk } };
      const body = JSON.stringify({ eventName: 'INSERT', dynamodb: { Keys, NewImage } });
      records.push({ type: String(item.type ?? ''), body });
      await registry.table.write([{ delete: { pk: item.pk, sk: item.sk } }]);
    }
  }
  return records;
}

/** Passes messages to the function of a job as Lambda does; returns those that failed in every attempt. */
async function workOff(
  registry: Registry,
  job: NamedJob,
  bodies: readonly string[],
  options: JobOptions,
): Promise<string[]> {
  const dead: string[] = [];
  const { deliveries = 1 } = options;
  let next = 0;
  const message = (body: string) => ({ messageId: `${next++}`, body, attempt: 1 });
  const repeated = (body: string) => Array.from({ length: deliveries }, () => message(body));
  const waiting = bodies.flatMap(repeated);
  const send = async (body: string) => void waiting.push(...repeated(body));
  const handler = queueHandler(jobWorker(registry, job, send, loadOf(job, options)), async (all) => {
    for (const body of all) await send(body);
  });
  const context = { getRemainingTimeInMillis: () => job.timeout * 1000 } as Context;
  while (waiting.length > 0) {
    const batch = waiting.splice(0, job.batch);
    const Records = batch.map(({ messageId, body, attempt }) => ({
      messageId,
      body,
      attributes: { ApproximateReceiveCount: String(attempt) },
    }));
    const { batchItemFailures } = await handler({ Records } as unknown as SQSEvent, context);
    for (const { itemIdentifier } of batchItemFailures) {
      const failed = batch.find(({ messageId }) => messageId === itemIdentifier);
      if (!failed) throw new Error(`the function names a message it did not get: ${itemIdentifier}`);
      if (failed.attempt >= JOB_ATTEMPTS) dead.push(failed.body);
      else waiting.push({ ...failed, attempt: failed.attempt + 1 });
    }
  }
  return dead;
}
