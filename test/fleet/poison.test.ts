import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointLevel } from '../../services/catalog.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { keys, ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { named } from '../kit/names.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';
import type { Poison, Sample, Upload } from './samples/sample.ts';

const cases = everySample.flatMap(({ poison, ...sample }) =>
  poison ? [{ id: sample.id, sample: sample as Sample, poison }] : [],
);

describe.each(cases)('a $id version that clients refuse to read', ({ sample, poison }) => {
  let app: TestApp;
  let first: Project;
  let second: Project;
  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    first = await app.project('first');
    second = await app.project('second');
  });

  async function send(project: Project, { method, path, headers, body }: Upload): Promise<Response> {
    const url = prefixIn(sample, 'project', project.id) + path;
    return app.send(method, url, { token: app.rootToken, headers, body });
  }

  async function textOf(level: EndpointLevel, owner: string | number, path: string): Promise<string> {
    const answer = await app.send('GET', prefixIn(sample, level, owner) + path, { token: app.rootToken });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return answer.status === 200 ? String(zipped ? gunzipSync(bytes) : bytes) : String(answer.status);
  }

  test('is refused, with the reason, and leaves nothing', async () => {
    const refused = await send(first, await poison.publish('gadget', '1.1.0'));
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringMatching(/clients|specifiers/i),
    ]);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });

  test('is left out of indexes if it is stored, and hides no other version', async () => {
    expect((await send(first, await sample.publish('gadget', '1.0.0'))).status).toBeLessThan(300);
    expect((await send(second, await sample.publish('gadget', '1.1.0'))).status).toBeLessThan(300);
    await store(app, sample.id, second, poison);
    const paths = [sample.index?.('gadget') ?? [], sample.hotReads?.('gadget') ?? []].flat();
    for (const path of paths.filter((each) => !each.includes('1.1.0'))) {
      const text = await textOf('group', 'acme', path);
      expect([path, text.includes('1.0.0'), text.includes('1.1.0')]).toEqual([path, true, false]);
      if (path !== sample.index?.('gadget')) continue;
      expect(await textOf('project', second.id, path)).not.toContain('1.1.0');
    }
    const file = sample.file('gadget', '1.1.0');
    const answer = await app.send('GET', prefixIn(sample, 'project', second.id) + file, {
      token: app.rootToken,
    });
    expect(answer.status).toBe(200);
  });
});

/** Changes the stored metadata of version 1.1.0 into what an earlier release accepted. */
async function store(app: TestApp, format: string, { id }: Project, { of, change }: Poison): Promise<void> {
  const { table } = app.registry;
  const ref = { projectId: id, format, name: named.package('gadget') };
  const version = named.version('1.1.0');
  const [stored] =
    of === 'version'
      ? [await table.get(keys.version(ref, version))]
      : await queryAll(table, ranges.filesOf(ref, version));
  if (!stored) throw new Error('there is no such version');
  const { pk, sk, metadata } = stored;
  await table.update({ pk, sk }, { set: { metadata: change(metadata as Record<string, unknown>) as never } });
}
