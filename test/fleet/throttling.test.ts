import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { managementApi } from '../../services/api/app.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { App } from '../../services/http/call.ts';
import { tableIds } from '../../services/registry/records/ids.ts';
import { createApp } from '../../services/runtime/compose.ts';
import { startApp, type TestApp, URL_BASE } from '../kit/start-app.ts';
import { type CallKind, throttleableTable } from '../kit/throttled-table.ts';
import { everySample, formatOf, formatsWith, prefixIn } from './samples/every.ts';
import type { Sample } from './samples/sample.ts';

/** Everything that clients read of a package. */
function readsOf(sample: Sample): string[] {
  return [
    sample.file('sample', '1.0.0'),
    ...(sample.index ? [sample.index('sample')] : []),
    ...(sample.hotReads?.('sample') ?? []),
    ...(sample.reads?.('sample', '1.0.0') ?? []),
    ...(sample.searches?.('sample') ?? []),
  ];
}

/** More calls than any request makes in sequence. */
const ENOUGH = 100;

describe.each(everySample)('a throttled table, when a package of $id', (sample) => {
  let store: ReturnType<typeof throttleableTable>;
  let app: TestApp;
  let project: Project;

  beforeEach(async () => {
    store = throttleableTable(memoryTable());
    app = await startApp({
      formats: formatsWith(sample),
      stores: { table: store.table, blobs: memoryBlobStore() },
    });
    project = await app.project('tools', 'private');
  });

  /** Sends a request to a process that has nothing in memory. */
  function send(method: string, path: string, init: Parameters<TestApp['send']>[2] = {}): Promise<Response> {
    const fresh = { ...app.registry, ids: tableIds(app.registry.table) };
    const served: App = createApp(fresh, { formats: [formatOf(sample)], api: managementApi });
    const headers = new Headers(init.headers);
    if (init.token) headers.set('authorization', `Bearer ${init.token}`);
    const { body } = init as { body?: Uint8Array };
    return served(new Request(URL_BASE + path, { method, headers, ...(body && { body }) }), {});
  }

  /**
   * Sends a request again and again, throttled from its first, second, ... call of this kind on, until none is. Writes
   * that only spare later reads some work may fail, so reads are checked with their reads throttled. Returns how many
   * calls the request makes.
   */
  async function expectUnavailable(
    what: string,
    kind: CallKind,
    request: () => Promise<Response>,
  ): Promise<number> {
    for (let passed = 0; passed < ENOUGH; passed++) {
      store.throttleFrom(passed, kind);
      const answer = await request();
      await answer.body?.cancel();
      const throttled = store.wasThrottled();
      store.recover();
      if (!throttled) return passed;
      expect([what, passed, answer.status, answer.headers.get('retry-after')]).toEqual([
        what,
        passed,
        503,
        '5',
      ]);
    }
    throw new Error(`${what} makes more than ${ENOUGH} table calls`);
  }

  const token = () => ({ token: app.rootToken });

  async function publish(version: string): Promise<Response> {
    const { method, path, headers, body } = await sample.publish('sample', version);
    const url = prefixIn(sample, 'project', project.id) + path;
    return send(method, url, { ...token(), headers, body: Buffer.from(body) });
  }

  test('is read, is a 503 with Retry-After, whichever read is throttled', async () => {
    expect((await publish('1.0.0')).status).toBeLessThan(300);
    await app.runJobs();
    const prefixes = [
      prefixIn(sample, 'project', 'acme/tools'),
      prefixIn(sample, 'group', 'acme'),
      prefixIn(sample, 'instance'),
    ];
    for (const path of prefixes.flatMap((prefix) => readsOf(sample).map((read) => prefix + read))) {
      const calls = await expectUnavailable(`GET ${path}`, 'read', () => send('GET', path, token()));
      expect(calls).toBeGreaterThan(0);
      await expectUnavailable(`GET ${path} without credentials`, 'read', () => send('GET', path));
    }
  });

  test('is published or deleted, is a 503 with Retry-After, whichever call is throttled', async () => {
    await expectUnavailable('publish', 'call', () => publish('1.0.0'));
    const { method, path } = sample.delete?.('sample', '1.0.0') ?? {};
    if (method === undefined) return;
    const url = prefixIn(sample, 'project', project.id) + path;
    await expectUnavailable('delete', 'call', () => send(method, url, token()));
  });
});
