import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Table } from '../../services/ports/table.ts';
import {
  countDownloads,
  DAYS_KEPT,
  downloadsOf,
  forgetDownloads,
} from '../../services/registry/downloads/count-downloads.ts';
import { pendingDownloads } from '../../services/registry/downloads/download-counter.ts';
import { flushDownloads } from '../../services/runtime/server/flush-downloads.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { openEmbeddedStores, openMemoryStores } from './open-stores.ts';
import type { OpenedStores } from './publish-cases.ts';

const DAY = 24 * 3600 * 1000;

describe.each([
  ['memory', openMemoryStores],
  ['embedded', openEmbeddedStores],
])('downloads on %s stores', (_name, open) => {
  let app: TestApp;
  let opened: OpenedStores;
  let project: Awaited<ReturnType<TestApp['project']>>;
  beforeEach(async () => {
    opened = await open();
    app = await startApp(opened);
    project = await app.project('tools');
    await app.send('PUT', path(), { token: app.rootToken, body: 'some bytes' });
  });
  afterEach(() => opened.close());

  const path = () => `/api/v4/projects/${project.id}/packages/generic/tool/1.0/a.txt`;
  const get = (headers: Record<string, string> = {}, method = 'GET') =>
    app.send(method, path(), { token: app.rootToken, headers });
  const file = (versionId: number) => ({ versionId }) as never;

  async function packageJson(): Promise<{ id: number; last_downloaded_at: string | null }> {
    const answer = await app.send('GET', `/api/v4/projects/${project.id}/packages`, { token: app.rootToken });
    const [first] = (await answer.json()) as { id: number; last_downloaded_at: string | null }[];
    if (!first) throw new Error('there is no package');
    return first;
  }

  async function counts(versionId?: number) {
    const id = versionId ?? (await packageJson()).id;
    return (await downloadsOf(app.registry.table, [id])).get(id);
  }

  test('are counted by version and day, and the API shows the time of the last one', async () => {
    await get();
    await get();
    const first = app.clock.now();
    app.clock.advance(DAY);
    await get();
    expect(await counts()).toEqual({ total: 0, lastAt: null, days: [] });
    await app.flushDownloads();
    const [one, two] = [first, app.clock.now()].map((time) => new Date(time).toISOString());
    expect(await counts()).toEqual({
      total: 3,
      lastAt: app.clock.now(),
      days: [
        { day: one?.slice(0, 10), count: 2 },
        { day: two?.slice(0, 10), count: 1 },
      ],
    });
    const listed = await packageJson();
    expect(listed.last_downloaded_at).toBe(two);
    const url = `/api/v4/projects/${project.id}/packages/${listed.id}`;
    const shown = await (await app.send('GET', url, { token: app.rootToken })).json();
    expect(shown).toMatchObject({ last_downloaded_at: two });
  });

  test('write nothing themselves, and are written together by the next flush', async () => {
    let writes = 0;
    const table: Table = { ...app.registry.table };
    const { write, update } = app.registry.table;
    Object.assign(app.registry.table, {
      write(...args: Parameters<Table['write']>) {
        writes++;
        return write(...args);
      },
      update(...args: Parameters<Table['update']>) {
        writes++;
        return update(...args);
      },
    });
    for (let count = 0; count < 5; count++) await get();
    expect(writes).toBe(0);
    await app.flushDownloads();
    expect(writes).toBe(1);
    Object.assign(app.registry.table, { write: table.write, update: table.update });
  });

  test('are counted if the response includes the first byte of the file', async () => {
    const etag = (await get({}, 'HEAD')).headers.get('etag') ?? '';
    expect((await get({ 'if-none-match': etag })).status).toBe(304);
    expect((await get({ 'if-match': '"other"' })).status).toBe(412);
    expect((await get({ range: 'bytes=100-' })).status).toBe(416);
    expect((await get({ range: 'bytes=5-' })).status).toBe(206);
    expect((await get({ range: 'bytes=-3' })).status).toBe(206);
    await app.flushDownloads();
    expect(await counts()).toMatchObject({ total: 0 });
    expect((await get({ range: 'bytes=0-3' })).status).toBe(206);
    expect((await get()).status).toBe(200);
    await app.flushDownloads();
    expect(await counts()).toMatchObject({ total: 2 });
  });

  test('of concurrent processes add up, and no batch is counted twice', async () => {
    const processes = Array.from({ length: 10 }, (_, index) => pendingDownloads(`process-${index}`));
    for (const each of processes) for (let n = 0; n < 7; n++) each.count(file(900 + (n % 2)), n);
    const batches = processes.map((each) => each.next());
    await Promise.all(
      [...batches, ...batches].map((batch) => batch && countDownloads({ ...app.registry }, batch)),
    );
    expect([(await counts(900))?.total, (await counts(901))?.total]).toEqual([40, 30]);
    await Promise.all(processes.map((each) => flushDownloads(app.registry, each)));
    expect([(await counts(900))?.total, (await counts(901))?.total]).toEqual([40, 30]);
  });

  test('are counted once when the response to a write is lost and the flush is repeated', async () => {
    const pending = pendingDownloads('here');
    pending.count(file(901), 1);
    pending.count(file(902), 2);
    let calls = 0;
    const table: Table = {
      ...app.registry.table,
      async update(...args) {
        const done = await app.registry.table.update(...args);
        if (calls++ === 0) throw new Error('the answer was lost');
        return done;
      },
    };
    const flaky = { ...app.registry, table };
    await expect(flushDownloads(flaky, pending)).rejects.toThrow('the answer was lost');
    pending.count(file(901), 3);
    await flushDownloads(flaky, pending);
    expect([(await counts(901))?.total, (await counts(902))?.total]).toEqual([2, 1]);
    expect(await counts(901)).toMatchObject({ lastAt: 3 });
  });

  test('of an older time do not move the time of the last one back', async () => {
    for (const [id, at] of [
      ['a', 500],
      ['b', 100],
    ] as const) {
      const downloads = [{ versionId: 903, days: { '1970-01-01': 1 }, lastAt: at }];
      await countDownloads(app.registry, { id, downloads });
    }
    expect(await counts(903)).toMatchObject({ total: 2, lastAt: 500 });
  });

  test('are kept by day for a limited time, and their total permanently', async () => {
    const pending = pendingDownloads('here');
    for (let day = 0; day < DAYS_KEPT + 20; day++) {
      pending.count(file(904), app.clock.now());
      await flushDownloads(app.registry, pending);
      app.clock.advance(DAY);
    }
    const found = await counts(904);
    expect(found?.total).toBe(DAYS_KEPT + 20);
    expect(found?.days.length).toBeLessThanOrEqual(DAYS_KEPT + 1);
    expect(found?.days.length).toBeGreaterThanOrEqual(DAYS_KEPT);
  });

  test('of too many versions between two flushes are logged as not counted', async () => {
    const pending = pendingDownloads('here', 3);
    for (let id = 905; id < 910; id++) pending.count(file(id), 1);
    pending.count(file(905), 1);
    await flushDownloads(app.registry, pending);
    expect((await counts(905))?.total).toBe(2);
    expect((await counts(908))?.total).toBe(0);
    expect(app.errors).toMatchObject([{ message: 'downloads not counted', downloads: 2 }]);
  });

  test('that are counted late do not bring back the counts of a purged version', async () => {
    const pending = pendingDownloads('here');
    pending.count(file(910), 1);
    await flushDownloads(app.registry, pending);
    await app.registry.table.write([forgetDownloads(app.registry, 910)]);
    pending.count(file(910), 2);
    await flushDownloads(app.registry, pending);
    expect(await counts(910)).toEqual({ total: 0, lastAt: null, days: [] });
  });
});
