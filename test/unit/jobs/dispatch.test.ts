import { describe, expect, test } from 'vitest';
import { memoryQueue } from '../../../services/adapters/memory/memory-queue.ts';
import type { RegistryEvent } from '../../../services/domain/events.ts';
import { cleanUpAfter } from '../../../services/jobs/clean-up.ts';
import { recordAudit } from '../../../services/jobs/record-audit.ts';
import { sweep } from '../../../services/jobs/sweep.ts';
import { EVENT_SHARDS } from '../../../services/registry/events/record-event.ts';
import { ranges } from '../../../services/registry/records/keys.ts';
import { dispatchEvents } from '../../../services/runtime/server/jobs.ts';
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

async function drain(queue: ReturnType<typeof memoryQueue>, expected: number): Promise<RegistryEvent[]> {
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

  test('go from the outbox to every queue, and leave the outbox', async () => {
    const { app } = await publishSome(30);
    const queues = [memoryQueue(options), memoryQueue(options)];
    const moved = await dispatchEvents(app.registry, queues);
    expect(moved).toBeGreaterThanOrEqual(30);
    for (const queue of queues) {
      const events = await drain(queue, moved);
      expect(events.filter(({ type }) => type === 'package_published')).toHaveLength(30);
      expect(new Set(events.map(({ id }) => id)).size).toBe(moved);
    }
    for (let shard = 0; shard < EVENT_SHARDS; shard++) {
      expect((await app.registry.table.query(ranges.events(shard))).items).toEqual([]);
    }
    expect(await dispatchEvents(app.registry, queues)).toBe(0);
  });

  test('stay in the outbox while a queue can not be reached', async () => {
    const { app } = await publishSome(1);
    const broken = { ...memoryQueue(options), send: () => Promise.reject(new Error('queue is down')) };
    await expect(dispatchEvents(app.registry, [broken])).rejects.toThrow('queue is down');
    expect(await dispatchEvents(app.registry, [memoryQueue(options)])).toBeGreaterThan(0);
  });

  test('delivered twice are recorded once', async () => {
    const { app, project } = await publishSome(1);
    const queue = memoryQueue(options);
    const moved = await dispatchEvents(app.registry, [queue]);
    const event = (await drain(queue, moved)).find(({ type }) => type === 'package_published');
    if (!event) throw new Error('no event');
    await recordAudit(app.registry, event);
    await recordAudit(app.registry, event);
    const { items } = await app.registry.audit.query({ pk: `PROJECT#${project.id}` });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ type: 'package_published', name: 'tool', actor: { name: 'root' } });
  });

  test('of a deletion lead to a sweep of what is due', async () => {
    const { app, path } = await publishSome(1);
    await app.send('DELETE', path(0), { token: app.rootToken });
    app.clock.advance(2 * 24 * 3600 * 1000);
    const queue = memoryQueue(options);
    const moved = await dispatchEvents(app.registry, [queue]);
    for (const event of await drain(queue, moved)) await cleanUpAfter(app.registry, event);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
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
