import { describe, expect, test } from 'vitest';
import { managementApi } from '../../services/api/app.ts';
import { createApp } from '../../services/runtime/compose.ts';
import { startApp, type TestApp, URL_BASE } from '../kit/start-app.ts';
import { toySample } from '../kit/toy-format/sample.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';
import type { Sample } from './samples/sample.ts';

const NAME = 'sample';
const formats = formatsWith(toySample);

/** A fresh registry with these versions in a project `acme/tools`. */
async function registryWith(sample: Sample, versions: readonly string[]): Promise<TestApp> {
  const app = await startApp({ formats });
  await app.project('tools');
  for (const version of versions) {
    const { method, path, headers, body } = await sample.publish(NAME, version);
    const answer = await app.send(method, prefixIn(sample, 'project', 'acme/tools') + path, {
      token: app.rootToken,
      headers,
      body,
    });
    expect([version, answer.status < 300]).toEqual([version, true]);
  }
  return app;
}

/** Every read of the package, at every level. */
function readsOf(sample: Sample): string[] {
  const paths = [
    sample.file(NAME, '1.0.0'),
    ...(sample.index ? [sample.index(NAME)] : []),
    ...(sample.hotReads?.(NAME) ?? []),
    ...(sample.reads?.(NAME, '1.0.0') ?? []),
  ];
  const inProject = sample.repositoryIndex ? [sample.repositoryIndex] : [];
  return [
    ...[...paths, ...inProject].map((path) => prefixIn(sample, 'project', 'acme/tools') + path),
    ...paths.map((path) => prefixIn(sample, 'group', 'acme') + path),
    ...paths.map((path) => prefixIn(sample, 'instance') + path),
  ];
}

type Send = (path: string, headers?: Record<string, string>) => Promise<Response>;

const reader =
  (app: TestApp): Send =>
  (path, headers = {}) =>
    app.send('GET', path, { token: app.rootToken, headers: { 'accept-encoding': 'identity', ...headers } });

/** Expects that one registry answers 304 to the ETags of another if, and only if, it would send the same bytes. */
async function expectHonest(sample: Sample, one: Send, other: Send): Promise<number> {
  let differing = 0;
  for (const path of readsOf(sample)) {
    const before = await one(path);
    const etag = before.headers.get('etag');
    if (etag === null || before.status !== 200) continue;
    expect([path, (await one(path, { 'if-none-match': etag })).status]).toEqual([path, 304]);
    const now = await other(path);
    const same = now.status === 200 && (await now.text()) === (await before.text());
    if (!same) differing++;
    const conditional = await other(path, { 'if-none-match': etag });
    expect([path, conditional.status]).toEqual([path, same ? 304 : now.status]);
  }
  return differing;
}

describe.for(everySample.map((sample) => ({ sample, id: sample.id })))('an ETag of $id', ({ sample }) => {
  test('means nothing to a restored backup or another registry under the same host', async () => {
    const before = await registryWith(sample, ['1.0.0', '1.0.1']);
    const after = await registryWith(sample, ['1.0.0', '1.0.2']);
    const differing = await expectHonest(sample, reader(before), reader(after));
    if (sample.index) expect(differing).toBeGreaterThan(0);
  });

  test('means nothing once the external URL has changed, where documents contain it', async () => {
    const app = await registryWith(sample, ['1.0.0']);
    const settings = { ...app.registry.settings, url: 'https://elsewhere.test' };
    const moved = createApp({ ...app.registry, settings }, { formats, api: managementApi });
    await expectHonest(sample, reader(app), async (path, headers = {}) =>
      moved(
        new Request(URL_BASE + path, {
          headers: { authorization: `Bearer ${app.rootToken}`, 'accept-encoding': 'identity', ...headers },
        }),
        {},
      ),
    );
  });
});
