import { beforeEach, describe, expect, test } from 'vitest';
import { recordCalls, sequentialTrips } from '../../../bench/measure/record-calls.ts';
import { memoryBlobStore } from '../../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../../services/adapters/memory/memory-table.ts';
import { managementApi } from '../../../services/api/app.ts';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import type { BlobStore } from '../../../services/ports/blob-store.ts';
import { changeProject } from '../../../services/registry/accounts/change-project.ts';
import { tableIds } from '../../../services/registry/records/ids.ts';
import { createApp } from '../../../services/runtime/compose.ts';
import { everySample, formatsWith, prefixIn } from '../../fleet/samples/every.ts';
import { startApp, type TestApp, URL_BASE } from '../../kit/start-app.ts';

/** The maximum number of sequential table calls of a hot read. */
const most = { project: 2, group: 3, instance: 3 } as const;

describe('the count of sequential calls', () => {
  const call = (began: number, ended: number) => ({ store: 'table', method: 'get', began, ended });

  test('counts concurrent calls once, and sequential calls separately', () => {
    expect(sequentialTrips([])).toBe(0);
    expect(sequentialTrips([call(1, 3), call(2, 4)])).toBe(1);
    expect(sequentialTrips([call(1, 2), call(3, 4)])).toBe(2);
    expect(sequentialTrips([call(5, 6), call(1, 3), call(2, 8), call(4, 7)])).toBe(2);
  });
});

describe.each(everySample)('requests to $id', (sample) => {
  const recorder = recordCalls();
  let app: TestApp;
  let project: Project;
  let token: string;

  /** A store that provides links, as S3 does. */
  function linking(inner: BlobStore): BlobStore {
    return { ...inner, link: async (key) => `https://blobs.example.com/${key}` };
  }

  beforeEach(async () => {
    app = await startApp({
      formats: formatsWith(sample),
      stores: {
        table: recorder.table('table', memoryTable()),
        audit: recorder.table('audit', memoryTable()),
        blobs: recorder.blobs(linking(memoryBlobStore())),
      },
    });
    const subgroup = await app.subgroup('team', 'private');
    project = await app.project('tools', 'private', subgroup);
    ({ token } = await app.user('dev', { level: levels.developer, of: subgroup }));
    for (const version of ['1.0.0', '1.1.0']) {
      const { method, path, headers, body } = await sample.publish('sample', version);
      const url = prefixIn(sample, 'project', project.id) + path;
      const answer = await app.send(method, url, { token, headers, body });
      expect(answer.status).toBeLessThan(300);
    }
  });

  const paths = [
    sample.file('sample', '1.0.0'),
    ...(sample.index ? [sample.index('sample')] : []),
    ...(sample.hotReads?.('sample') ?? []),
  ];

  async function callsOf(url: string, headers: Record<string, string> = {}) {
    await (await app.send('GET', url, { token, headers })).arrayBuffer();
    recorder.take();
    const answer = await app.send('GET', url, { token, headers });
    await answer.arrayBuffer();
    return { calls: recorder.take(), answer };
  }

  const endpoints: readonly { where: string; level: keyof typeof most; owner: () => string | number }[] = [
    { where: 'a project by its id', level: 'project', owner: () => project.id },
    { where: 'a project by its path', level: 'project', owner: () => 'acme/team/tools' },
    { where: 'a group', level: 'group', owner: () => 'acme' },
    { where: 'a subgroup', level: 'group', owner: () => 'acme/team' },
    { where: 'the instance', level: 'instance', owner: () => '' },
  ];

  test.each(endpoints)(
    'need few sequential table calls and no blob call for a hot read: $where',
    async ({ level, owner }) => {
      for (const path of paths) {
        const { calls, answer } = await callsOf(prefixIn(sample, level, owner()) + path);
        expect([200, 302]).toContain(answer.status);
        expect(calls.filter(({ store }) => store !== 'table')).toEqual([]);
        expect(sequentialTrips(calls)).toBeGreaterThan(0);
        expect(sequentialTrips(calls)).toBeLessThanOrEqual(most[level]);
      }
    },
  );

  test('wait for no more where a project that the caller may not read holds the package, too', async () => {
    const hidden = await app.project('hidden', 'private');
    const { method, path, headers, body } = await sample.publish('sample', '2.0.0');
    const url = prefixIn(sample, 'project', hidden.id) + path;
    expect((await app.send(method, url, { token: app.rootToken, headers, body })).status).toBeLessThan(300);
    for (const { level, owner } of endpoints.filter(({ level }) => level !== 'project')) {
      for (const read of paths) {
        const { calls, answer } = await callsOf(prefixIn(sample, level, owner()) + read);
        expect([200, 302]).toContain(answer.status);
        expect(sequentialTrips(calls)).toBeLessThanOrEqual(most[level]);
      }
    }
  });

  test('of a renamed project wait for no more by its present path, and for one more by its former path', async () => {
    const actor = { kind: 'user', id: 1, name: 'root' } as const;
    await changeProject(app.registry, project, { path: 'kit' }, actor);
    for (const path of paths) {
      for (const [owner, trips] of [
        ['acme/team/kit', most.project],
        ['acme/team/tools', most.project + 1],
      ] as const) {
        const { calls, answer } = await callsOf(prefixIn(sample, 'project', owner) + path);
        expect([200, 302]).toContain(answer.status);
        expect(sequentialTrips(calls)).toBeLessThanOrEqual(trips);
      }
    }
  });

  async function expectFewTripsForRepositoryIndex(path: string): Promise<void> {
    const url = prefixIn(sample, 'project', project.id) + path;
    const { calls, answer } = await callsOf(url);
    expect(answer.status).toBe(200);
    expect(calls.filter(({ store }) => store !== 'table')).toEqual([]);
    expect(sequentialTrips(calls)).toBeLessThanOrEqual(most.project);
  }

  const { repositoryIndex } = sample;
  if (repositoryIndex !== undefined) {
    test('need no more calls for a hot read of a repository-wide index', () =>
      expectFewTripsForRepositoryIndex(repositoryIndex));
  }

  /**
   * Two for access and rules, one to read the records that the publish depends on, one to write. Reading the group's
   * rule separately, or taking ids before these reads, would add calls.
   */
  test('need at most four sequential table calls for a publish, even for the first of a process', async () => {
    const most = sample.publishTrips ?? 4;
    for (const [name, version] of [
      ['other', '1.0.0'],
      ['other', '1.1.0'],
      ['third', '1.0.0'],
    ] as const) {
      const { method, path, headers, body } = await sample.publish(name, version);
      const url = prefixIn(sample, 'project', project.id) + path;
      recorder.take();
      expect((await app.send(method, url, { token, headers, body })).status).toBeLessThan(300);
      const tables = recorder.take().filter(({ store }) => store === 'table');
      expect(tables.filter(({ method }) => method === 'write')).toHaveLength(1);
      expect(sequentialTrips(tables)).toBeLessThanOrEqual(most);
    }
    // A new process has no ids yet, and takes them concurrently with its reads.
    const fresh = { ...app.registry, ids: tableIds(app.registry.table) };
    const { method, path, headers, body } = await sample.publish('fourth', '1.0.0');
    const call = createApp(fresh, { formats: formatsWith(sample), api: managementApi });
    const url = URL_BASE + prefixIn(sample, 'project', project.id) + path;
    const request = new Request(url, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      body: Buffer.from(body),
    });
    recorder.take();
    expect((await call(request, {})).status).toBeLessThan(300);
    const trips = sequentialTrips(recorder.take().filter(({ store }) => store === 'table'));
    expect(trips).toBeLessThanOrEqual(4);
  });

  const tagging = sample.tag ? test : undefined;
  tagging?.('need at most three sequential table calls to set a tag, new or existing', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      const { method, path, body } = sample.tag?.('sample', version) ?? { method: '', path: '' };
      const url = prefixIn(sample, 'project', project.id) + path;
      recorder.take();
      expect((await app.send(method, url, { token, body })).status).toBe(200);
      const tables = recorder.take().filter(({ store }) => store === 'table');
      expect(sequentialTrips(tables)).toBeLessThanOrEqual(3);
    }
  });

  test('need no more calls for a read that is answered with 304', async () => {
    for (const path of [sample.file('sample', '1.0.0'), sample.index?.('sample')]) {
      if (path === undefined) continue;
      const url = prefixIn(sample, 'project', project.id) + path;
      const etag = (await app.send('HEAD', url, { token })).headers.get('etag') ?? '';
      const { calls, answer } = await callsOf(url, { 'if-none-match': etag });
      expect(answer.status).toBe(304);
      expect(calls.every(({ store }) => store === 'table')).toBe(true);
      expect(sequentialTrips(calls)).toBeLessThanOrEqual(most.project);
    }
  });
});
