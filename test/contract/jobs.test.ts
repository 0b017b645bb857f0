import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { jobs } from '../../services/job-list.ts';
import type { JobRun } from '../../services/jobs/job-runs.ts';
import { logger, metrics } from '../../services/runtime/lambda/logging.ts';
import { functionHost } from '../kit/function-host.ts';
import { serverHost } from '../kit/run-jobs.ts';
import { startApp } from '../kit/start-app.ts';

// Silences what functions write to standard output.
beforeAll(() => {
  vi.spyOn(metrics, 'publishStoredMetrics').mockReturnThis();
  vi.spyOn(logger, 'error').mockReturnValue();
});
afterAll(() => vi.restoreAllMocks());

async function withPackages(count: number) {
  const app = await startApp();
  const project = await app.project('tools');
  const path = (index: number) => `/api/v4/projects/${project.id}/packages/generic/tool/${index}/a.txt`;
  for (let index = 0; index < count; index++) {
    await app.send('PUT', path(index), { token: app.rootToken, body: `file ${index}` });
  }
  const audited = async () => (await app.registry.audit.query({ pk: `PROJECT#${project.id}` })).items;
  return { app, project, path, audited };
}

const noDeadLetters = Object.fromEntries(jobs.map(({ name }) => [name, []]));

describe.each([serverHost, functionHost])('jobs on $name', (host) => {
  test('process each event of the outbox once although it is delivered twice', async () => {
    const { app, audited } = await withPackages(30);
    expect(await host.run(app.registry, { deliveries: 2 })).toEqual(noDeadLetters);
    const published = (await audited()).filter(({ type }) => type === 'package_published');
    expect(published).toHaveLength(30);
    expect(published[0]).toMatchObject({ name: 'tool', actor: { name: 'root' } });
  });

  test('remove the bytes of deleted files once the grace period is over', async () => {
    const { app, path } = await withPackages(1);
    await app.send('DELETE', path(0), { token: app.rootToken });
    app.clock.advance(2 * 24 * 3600 * 1000);
    await host.run(app.registry);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });

  test('receive only events of the types they subscribe to', async () => {
    const { app, path } = await withPackages(2);
    await app.send('DELETE', path(0), { token: app.rootToken });
    const seen: (string | undefined)[] = [];
    const cleanup: JobRun = async (_registry, event) => {
      seen.push(event?.type);
      return 'done';
    };
    await host.run(app.registry, { runs: { cleanup } });
    expect(seen).toEqual(['package_file_deleted', 'package_deleted'].filter((type) => seen.includes(type)));
    expect(seen.length).toBeGreaterThan(0);
  });

  test('run on a schedule without an event', async () => {
    const { app, project } = await withPackages(2);
    await app.send('DELETE', `/api/v4/projects/${project.id}`, { token: app.rootToken });
    // The first run releases the blobs, and one after their grace period deletes them.
    for (let run = 0; run < 2; run++) {
      app.clock.advance(2 * 24 * 3600 * 1000);
      await host.run(app.registry, { messages: { cleanup: ['{"job":"cleanup"}'] } });
    }
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });

  test('that are unfinished run again for the same event until they are done', async () => {
    const { app, path } = await withPackages(1);
    await app.send('DELETE', path(0), { token: app.rootToken });
    const ids: (string | undefined)[] = [];
    const cleanup: JobRun = async (_registry, event) => {
      ids.push(event?.id);
      return ids.filter((id) => id === event?.id).length < 7 ? 'unfinished' : 'done';
    };
    expect(await host.run(app.registry, { runs: { cleanup } })).toEqual(noDeadLetters);
    expect(ids.length).toBe(7 * new Set(ids).size);
    expect(app.errors).toEqual([]);
  });

  test('that never finish stop after a hundred runs and wait for the next scheduled run', async () => {
    const { app } = await withPackages(0);
    let runs = 0;
    const cleanup: JobRun = async () => {
      runs++;
      return 'unfinished';
    };
    const messages = { cleanup: ['{"job":"cleanup"}'] };
    expect(await host.run(app.registry, { runs: { cleanup }, messages })).toEqual(noDeadLetters);
    expect(runs).toBe(100);
    expect(app.errors).toMatchObject([{ message: 'job not finished', job: 'cleanup' }]);
  });

  test('that fail are tried five times without holding up others', async () => {
    const { app, audited } = await withPackages(5);
    const poison = ['no JSON', '"text"', '{"unknown":1}'];
    let attempts = 0;
    const cleanup: JobRun = async () => {
      attempts++;
      throw new Error('the index is down');
    };
    const messages = { audit: poison, cleanup: ['{"job":"cleanup"}'] };
    const dead = await host.run(app.registry, { runs: { cleanup }, messages });
    expect(dead).toEqual({ ...noDeadLetters, audit: poison, cleanup: ['{"job":"cleanup"}'] });
    expect(attempts).toBe(5);
    expect((await audited()).filter(({ type }) => type === 'package_published')).toHaveLength(5);
  });

  test('receive the other events when one cannot be read and becomes a dead letter', async () => {
    const { app, audited } = await withPackages(3);
    const items = ['no JSON', '{}'].map((event, index) => ({
      put: { pk: 'EVENT#0', sk: `0000-${index}`, event },
    }));
    await app.registry.table.write(items);
    const dead = await host.run(app.registry);
    expect(dead.audit).toHaveLength(2);
    expect(dead).toEqual({ ...noDeadLetters, audit: dead.audit });
    expect((await audited()).filter(({ type }) => type === 'package_published')).toHaveLength(3);
  });

  test('skip records of the table that are not new events', async () => {
    const { app, audited } = await withPackages(0);
    const before = (await audited()).length;
    const record = (eventName: string, pk: string) => {
      const event = JSON.stringify({ id: '1', type: 'package_published' });
      return JSON.stringify({
        eventName,
        dynamodb: { Keys: { pk: { S: pk } }, NewImage: { event: { S: event } } },
      });
    };
    const audit = [record('MODIFY', 'EVENT#3'), record('REMOVE', 'EVENT#3'), record('INSERT', 'PACKAGE#1')];
    expect(await host.run(app.registry, { messages: { audit } })).toEqual(noDeadLetters);
    expect((await audited()).length).toBe(before);
  });
});
