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

/** A document with an ETag, and whether the other registry has the same. */
interface Compared {
  readonly path: string;
  readonly text: string;
  readonly same: boolean;
}

/**
 * Expects that one registry answers 304 to the ETags of another if, and only if, it would send the same bytes, and that
 * files and indexes have ETags at every level. Returns the documents that have one.
 */
async function expectHonest(sample: Sample, one: Send, other: Send): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const path of readsOf(sample)) {
    const before = await one(path);
    const etag = before.headers.get('etag');
    if (etag === null || before.status !== 200) continue;
    expect([path, (await one(path, { 'if-none-match': etag })).status]).toEqual([path, 304]);
    const now = await other(path);
    const text = await before.text();
    const same = now.status === 200 && (await now.text()) === text;
    compared.push({ path, text, same });
    const conditional = await other(path, { 'if-none-match': etag });
    expect([path, conditional.status]).toEqual([path, same ? 304 : now.status]);
  }
  expect(compared.map(({ path }) => path)).toEqual(expect.arrayContaining(documentsOf(sample)));
  return compared;
}

/** The file and the indexes, which must have ETags. */
function documentsOf(sample: Sample): string[] {
  const paths = [sample.file(NAME, '1.0.0'), ...(sample.index ? [sample.index(NAME)] : [])];
  const project = prefixIn(sample, 'project', 'acme/tools');
  const prefixes = [project, prefixIn(sample, 'group', 'acme'), prefixIn(sample, 'instance')];
  return [
    ...prefixes.flatMap((prefix) => paths.map((path) => prefix + path)),
    ...(sample.repositoryIndex ? [project + sample.repositoryIndex] : []),
  ];
}

describe.for(everySample.map((sample) => ({ sample, id: sample.id })))('an ETag of $id', ({ sample }) => {
  test('means nothing to a restored backup or another registry under the same host', async () => {
    const before = await registryWith(sample, ['1.0.0', '1.0.1']);
    const after = await registryWith(sample, ['1.0.0', '1.0.2']);
    const compared = await expectHonest(sample, reader(before), reader(after));
    const same = new Map(compared.map((each) => [each.path, each.same]));
    for (const path of documentsOf(sample)) {
      expect([path, same.get(path)]).toEqual([path, path.endsWith(sample.file(NAME, '1.0.0'))]);
    }
  });

  test('means nothing once the external URL has changed, where documents contain it', async () => {
    const app = await registryWith(sample, ['1.0.0']);
    const settings = { ...app.registry.settings, url: 'https://elsewhere.test' };
    const moved = createApp({ ...app.registry, settings }, { formats, api: managementApi });
    const compared = await expectHonest(sample, reader(app), async (path, headers = {}) =>
      moved(
        new Request(URL_BASE + path, {
          headers: { authorization: `Bearer ${app.rootToken}`, 'accept-encoding': 'identity', ...headers },
        }),
        {},
      ),
    );
    for (const { path, text, same } of compared) {
      if (text.includes(URL_BASE)) expect([path, same]).toEqual([path, false]);
    }
  });
});
