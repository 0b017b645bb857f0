import { describe, expect, test } from 'vitest';
import { memoryQueue } from '../../../services/adapters/memory/memory-queue.ts';
import type { RegistryEvent } from '../../../services/domain/events.ts';
import { getsEvent, type Job, jobs } from '../../../services/job-list.ts';
import { sweep } from '../../../services/jobs/sweep.ts';
import { EVENT_SHARDS } from '../../../services/registry/events/record-event.ts';
import { ranges } from '../../../services/registry/records/keys.ts';
import {
  dispatchEvents,
  openQueues,
  type QueuedJob,
  sendDueRuns,
} from '../../../services/runtime/server/jobs.ts';
import { startApp } from '../../kit/start-app.ts';

async function publishSome(count: number) {
  const app = await startApp();
  const project = await app.project('tools');
  const path = (index: number) => `/api/v4/projects/${project.id}/packages/generic/tool/${index}/a.txt`;
  for (let index = 0; index < count; index++) {
    await app.send('PUT', path(index), { token: app.rootToken, body: `file ${index}` });
  }
  return { app, project, path };
}

async function drain(queue: QueuedJob['queue'], expected: number): Promise<RegistryEvent[]> {
  const stopping = new AbortController();
  const events: RegistryEvent[] = [];
  await queue.consume(async ({ body }) => {
    events.push(JSON.parse(body));
    if (events.length === expected) stopping.abort();
  }, stopping.signal);
  return events;
}

describe('events', () => {
  const options = { retryAfter: 1000, maxAttempts: 3 };
  const queued = () => openQueues(() => memoryQueue(options));

  test('go from the outbox to the queues that want them, and leave the outbox', async () => {
    const { app, path } = await publishSome(30);
    await app.send('DELETE', path(0), { token: app.rootToken });
    const all = queued();
    const moved = await dispatchEvents(app.registry, all);
    expect(moved).toBeGreaterThan(30);
    for (const { job, queue } of all) {
      const events = await drain(queue, job.name === 'audit' ? moved : 1);
      expect(events.filter(({ type }) => !getsEvent(job, type))).toEqual([]);
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    }
    for (let shard = 0; shard < EVENT_SHARDS; shard++) {
      expect((await app.registry.table.query(ranges.events(shard))).items).toEqual([]);
    }
    expect(await dispatchEvents(app.registry, all)).toBe(0);
  });

  test('stay in the outbox while a queue can not be reached', async () => {
    const { app } = await publishSome(1);
    const broken = queued().map((each) => ({
      ...each,
      queue: { ...each.queue, send: () => Promise.reject(new Error('queue is down')) },
    }));
    await expect(dispatchEvents(app.registry, broken)).rejects.toThrow('queue is down');
    expect(await dispatchEvents(app.registry, queued())).toBeGreaterThan(0);
  });
});

describe('scheduled runs', () => {
  /** What the jobs with a schedule were asked for so far. */
  async function sentTo(all: readonly QueuedJob[]): Promise<number> {
    let sent = 0;
    for (const { queue } of all) {
      sent += (queue as unknown as { sent: string[] }).sent.length;
    }
    return sent;
  }
  const counting = () =>
    openQueues(() => {
      const sent: string[] = [];
      const queue = { ...memoryQueue({ retryAfter: 0, maxAttempts: 1 }), sent };
      return { ...queue, send: async (bodies: readonly string[]) => void sent.push(...bodies) };
    });

  test('start at first, then when their time has come, and no more often with two servers or a restart', async () => {
    const app = await startApp();
    const scheduled = jobs.filter((job: Job) => job.schedule !== undefined).length;
    const [one, two] = [counting(), counting()];
    for (let minutes = 0; minutes < 12 * 60; minutes++) {
      await sendDueRuns(app.registry, one);
      await sendDueRuns(app.registry, two);
      app.clock.advance(60_000);
    }
    expect((await sentTo(one)) + (await sentTo(two))).toBe(2 * scheduled);
  });

  test('are not lost when the queue can not be reached', async () => {
    const app = await startApp();
    const broken = counting().map((each) => ({
      ...each,
      queue: { ...each.queue, send: () => Promise.reject(new Error('queue is down')) },
    }));
    await expect(sendDueRuns(app.registry, broken)).rejects.toThrow('queue is down');
    const all = counting();
    await sendDueRuns(app.registry, all);
    expect(await sentTo(all)).toBeGreaterThan(0);
  });
});

test('each part of a sweep runs, whatever became of the others', async () => {
  const app = await startApp();
  await app.registry.blobs.put('blobs/0a/0a11', [Buffer.from('stray')] as never);
  app.clock.advance(Date.now() - app.clock.now() + 2 * 24 * 3600 * 1000);
  const failing = () => Promise.reject(new Error('the index is down'));
  let dropped = 0;
  const blobs = { ...app.registry.blobs, list: failing, dropUnfinished: async () => ++dropped };
  await expect(sweep({ ...app.registry, blobs })).rejects.toThrow('the index is down');
  expect(dropped).toBe(1);
});

test('what a deleted project held is removed, and its bytes after the grace period', async () => {
  const { app, project } = await publishSome(3);
  const answer = await app.send('DELETE', `/api/v4/projects/${project.id}`, { token: app.rootToken });
  expect(answer.status).toBe(202);
  await sweep(app.registry);
  const { items } = await app.registry.table.query({ pk: `PROJECT#${project.id}` });
  expect(items).toEqual([]);
  app.clock.advance(2 * 24 * 3600 * 1000);
  await sweep(app.registry);
  expect((await app.registry.blobs.list()).blobs).toEqual([]);
});
