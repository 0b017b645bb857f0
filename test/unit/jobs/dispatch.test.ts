import { describe, expect, test } from 'vitest';
import { memoryQueue } from '../../../services/adapters/memory/memory-queue.ts';
import { getsEvent, type Job, jobs } from '../../../services/job-list.ts';
import { sweep } from '../../../services/jobs/sweep.ts';
import type { Queue } from '../../../services/ports/queue.ts';
import { EVENT_SHARDS, readEvent } from '../../../services/registry/events/record-event.ts';
import { ranges } from '../../../services/registry/records/keys.ts';
import {
  dispatchEvents,
  openJobQueues,
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

/** The queues of all jobs. They record the messages that are sent to them. */
function recordingQueues() {
  const sent = new Map<Queue, string[]>();
  const all = openJobQueues((_name, options) => {
    const bodies: string[] = [];
    const queue = {
      ...memoryQueue(options),
      send: async (more: readonly string[]) => void bodies.push(...more),
    };
    sent.set(queue, bodies);
    return queue;
  });
  return {
    all,
    sentTo: ({ queue }: QueuedJob) => sent.get(queue) ?? [],
    count: () => [...sent.values()].flat().length,
  };
}

const queued = () => openJobQueues((_name, options) => memoryQueue(options));

describe('events', () => {
  test('are sent to the queue of each job that handles them, and deleted from the outbox', async () => {
    const { app, path } = await publishSome(30);
    await app.send('DELETE', path(0), { token: app.rootToken });
    const { all, sentTo, count } = recordingQueues();
    const moved = await dispatchEvents(app.registry, all);
    expect(moved).toBeGreaterThan(30);
    const everything = sentTo(all.find(({ job }) => job.name === 'audit') as QueuedJob);
    expect(new Set(everything).size).toBe(moved);
    for (const each of all) {
      const handled = everything.filter((body) => getsEvent(each.job, readEvent(body).type));
      expect(sentTo(each)).toEqual(handled);
    }
    expect(count()).toBeGreaterThan(moved);
    for (let shard = 0; shard < EVENT_SHARDS; shard++) {
      expect((await app.registry.table.query(ranges.events(shard))).items).toEqual([]);
    }
    expect(await dispatchEvents(app.registry, all)).toBe(0);
  });

  test('stay in the outbox while a queue cannot be reached', async () => {
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
  test('are sent at the start and then on schedule, only once by two servers', async () => {
    const app = await startApp();
    const scheduled = jobs.filter((job: Job) => job.schedule !== undefined).length;
    const [one, two] = [recordingQueues(), recordingQueues()];
    for (let minutes = 0; minutes < 12 * 60; minutes++) {
      await sendDueRuns(app.registry, one.all);
      await sendDueRuns(app.registry, two.all);
      app.clock.advance(60_000);
    }
    expect(one.count() + two.count()).toBe(2 * scheduled);
  });

  test('are sent later if the queue cannot be reached', async () => {
    const app = await startApp();
    const broken = queued().map((each) => ({
      ...each,
      queue: { ...each.queue, send: () => Promise.reject(new Error('queue is down')) },
    }));
    await expect(sendDueRuns(app.registry, broken)).rejects.toThrow('queue is down');
    const { all, count } = recordingQueues();
    await sendDueRuns(app.registry, all);
    expect(count()).toBeGreaterThan(0);
  });
});

test('every part of a sweep runs, even if another part fails', async () => {
  const app = await startApp();
  await app.registry.blobs.put('blobs/0a/0a11', [Buffer.from('orphan')] as never);
  app.clock.advance(Date.now() - app.clock.now() + 2 * 24 * 3600 * 1000);
  const failing = () => Promise.reject(new Error('the index is down'));
  let dropped = 0;
  const blobs = { ...app.registry.blobs, list: failing, dropUnfinished: async () => ++dropped };
  await expect(sweep({ ...app.registry, blobs })).rejects.toThrow('the index is down');
  expect(dropped).toBe(1);
});

test('a sweep deletes the records of a deleted project, and its blobs after the grace period', async () => {
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
