import { beforeEach, describe, expect, test, vi } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { removePackage, restorePackage } from '../../../services/registry/removal/remove-package.ts';
import { removeVersion } from '../../../services/registry/removal/remove-version.ts';
import { eventsOf } from '../../kit/events.ts';
import { named } from '../../kit/names.ts';
import { npmPrefix } from '../../kit/npm-package.ts';
import { errorOf, type NpmApp, startNpm } from '../../kit/npm-registry.ts';

let npm: NpmApp;
beforeEach(async () => {
  npm = await startNpm();
});

const TOOL = '/@acme%2ftool';

async function publishAll(...versions: string[]) {
  for (const version of versions) expect((await npm.publish({ version })).response.status).toBe(200);
}

const versions = async () => Object.keys((await npm.packument()).versions);

async function events(): Promise<string[]> {
  return (await eventsOf(npm.registry.table, 'npm')).map(({ type, version }) => `${type} ${version}`);
}

/** The details of the events of some types, in order. */
async function details(...types: string[]): Promise<unknown[]> {
  return (await eventsOf(npm.registry.table, 'npm'))
    .filter(({ type }) => types.includes(type))
    .map((event) => [event.type, event.version, event.details]);
}

describe('tags', () => {
  const tags = async (prefix = npm.base) =>
    (await npm.send('GET', `${prefix}/-/package${TOOL}/dist-tags`)).json();
  const tagPath = (tag: string) => `/-/package${TOOL}/dist-tags/${tag}`;

  test('are read, moved and removed at every level', async () => {
    await publishAll('1.0.0', '2.0.0');
    for (const prefix of [npm.base, npmPrefix.group('acme'), npmPrefix.instance]) {
      expect(await tags(prefix)).toEqual({ latest: '2.0.0' });
      expect((await npm.put(prefix + tagPath('stable'), '1.0.0')).status).toBe(200);
      expect(await tags(prefix)).toEqual({ latest: '2.0.0', stable: '1.0.0' });
      expect((await npm.put(prefix + tagPath('stable'), '2.0.0')).status).toBe(200);
      expect(await tags(prefix)).toEqual({ latest: '2.0.0', stable: '2.0.0' });
      expect((await npm.send('DELETE', prefix + tagPath('stable'))).status).toBe(200);
    }
    expect(npm.errors).toEqual([]);
  });

  test('are moved and removed with events that tell the versions before and after', async () => {
    await publishAll('1.0.0', '2.0.0');
    for (const [method, tag, version] of [
      ['PUT', 'stable', '1.0.0'],
      ['PUT', 'stable', '2.0.0'],
      ['DELETE', 'stable', ''],
      ['PUT', 'latest', '1.0.0'],
      ['DELETE', 'latest', ''],
    ] as const) {
      npm.clock.advance(1000);
      const path = npm.base + tagPath(tag);
      const answer = method === 'PUT' ? await npm.put(path, version) : await npm.send('DELETE', path);
      expect(answer.status).toBe(200);
    }
    expect(await details('tag_moved', 'tag_deleted')).toEqual([
      ['tag_moved', '1.0.0', { tag: 'stable', before: null, after: '1.0.0' }],
      ['tag_moved', '2.0.0', { tag: 'stable', before: '1.0.0', after: '2.0.0' }],
      ['tag_deleted', null, { tag: 'stable', before: '2.0.0', after: null }],
      ['tag_moved', '1.0.0', { tag: 'latest', before: '2.0.0', after: '1.0.0' }],
      ['tag_deleted', null, { tag: 'latest', before: '1.0.0', after: '2.0.0' }],
    ]);
  });

  test('are in the event of the publish that sets them, and in that of the removal that moves `latest`', async () => {
    await publishAll('1.0.0');
    npm.clock.advance(1000);
    await publishAll('2.0.0');
    const ref = {
      project: npm.tools,
      actor: { kind: 'user', id: npm.root.id, name: 'root' } as const,
      format: 'npm',
      name: named.package('@acme/tool'),
    };
    npm.clock.advance(1000);
    await removeVersion(npm.registry, { ...ref, version: named.version('2.0.0') });
    const size = expect.any(Number);
    expect(await details('package_published', 'tag_moved')).toEqual([
      ['package_published', '1.0.0', { files: 1, size, tags: ['latest'] }],
      ['package_published', '2.0.0', { files: 1, size, tags: ['latest'] }],
      ['tag_moved', '1.0.0', { tag: 'latest', before: '2.0.0', after: '1.0.0' }],
    ]);
  });

  test('have `latest` set to the highest version when it is removed, and it stays there', async () => {
    await publishAll('2.0.0', '1.0.0');
    expect(await tags()).toEqual({ latest: '1.0.0' });
    expect((await npm.send('DELETE', npm.base + tagPath('latest'))).status).toBe(200);
    expect(await tags()).toEqual({ latest: '2.0.0' });
    await npm.publish({ version: '3.0.0', tag: 'canary' });
    expect(await tags()).toEqual({ latest: '2.0.0', canary: '3.0.0' });
  });

  test('have `latest` from the first publish, and a publish under another tag does not move it', async () => {
    await npm.publish({ version: '1.0.0', tag: 'canary' });
    expect(await tags()).toEqual({ latest: '1.0.0', canary: '1.0.0' });
    await npm.publish({ version: '2.0.0', tag: 'canary' });
    expect(await tags()).toEqual({ latest: '1.0.0', canary: '2.0.0' });
    await npm.publish({ version: '1.1.0' });
    expect(await tags()).toEqual({ latest: '1.1.0', canary: '2.0.0' });
    expect((await npm.put(npm.base + tagPath('latest'), '1.0.0')).status).toBe(200);
    expect(await tags()).toEqual({ latest: '1.0.0', canary: '2.0.0' });
  });

  test('have `latest` moved to the highest release when its version is removed, and stored there', async () => {
    await publishAll('1.0.0', '0.9.0', '2.0.0-rc.1', '1.1.0');
    const actor = { kind: 'user', id: npm.root.id, name: 'root' } as const;
    const facts = { project: npm.tools, actor, format: 'npm', name: named.package('@acme/tool') };
    const removeAll = async (...versions: string[]) => {
      for (const version of versions) {
        await removeVersion(npm.registry, { ...facts, version: named.version(version) });
      }
    };
    await removeAll('1.1.0');
    expect(await tags()).toEqual({ latest: '1.0.0' });
    await npm.publish({ version: '3.0.0', tag: 'canary' });
    expect(await tags()).toEqual({ latest: '1.0.0', canary: '3.0.0' });
    await removeAll('3.0.0', '1.0.0', '0.9.0');
    expect(await tags()).toEqual({ latest: '2.0.0-rc.1' });
    const kept = { ...npm.registry, settings: { ...npm.registry.settings, retention: 60_000 } };
    await removePackage(kept, facts);
    expect(await restorePackage(npm.registry, facts)).toBe(1);
    await npm.publish({ version: '9.0.0', tag: 'canary' });
    expect(await tags()).toEqual({ latest: '2.0.0-rc.1', canary: '9.0.0' });
    expect(npm.errors).toEqual([]);
  });

  test('are rejected for invalid or missing versions and tags', async () => {
    await publishAll('1.0.0');
    expect((await npm.put(npm.base + tagPath('stable'), '9.0.0')).status).toBe(404);
    expect((await npm.put(npm.base + tagPath('stable'), 'latest')).status).toBe(400);
    expect((await npm.put(npm.base + tagPath('stable'), { version: 1 })).status).toBe(400);
    expect((await npm.send('PUT', npm.base + tagPath('stable'), { body: 'no' })).status).toBe(400);
    expect((await npm.put(npm.base + tagPath('1.x'), '1.0.0')).status).toBe(400);
    expect((await npm.send('DELETE', npm.base + tagPath('none'))).status).toBe(404);
    expect((await npm.send('GET', `${npm.base}/-/package/none/dist-tags`)).status).toBe(404);
  });

  test('require a Developer to move and a Maintainer to remove', async () => {
    await publishAll('1.0.0');
    const { token: reporter } = await npm.user('reporter', { level: levels.reporter, of: npm.tools });
    const { token: developer } = await npm.user('developer', { level: levels.developer, of: npm.tools });
    const move = (token: string) => npm.put(npm.base + tagPath('next'), '1.0.0', { token });
    const remove = (token: string) => npm.send('DELETE', npm.base + tagPath('next'), { token });
    expect((await move('')).status).toBe(401);
    expect((await move(reporter)).status).toBe(403);
    expect((await move(developer)).status).toBe(200);
    const refused = await remove(developer);
    expect([refused.status, await errorOf(refused)]).toEqual([
      403,
      expect.stringContaining('unpublishing Maintainer'),
    ]);
  });
});

describe('deprecating', () => {
  async function deprecate(message: unknown, which: string[], init: Parameters<typeof npm.put>[2] = {}) {
    const packument = await npm.packument();
    const changed = structuredClone(packument) as unknown as {
      versions: Record<string, Record<string, unknown>>;
    };
    for (const version of which)
      changed.versions[version] = { ...changed.versions[version], deprecated: message };
    return npm.put(npm.base + TOOL, changed, { headers: { 'npm-command': 'deprecate' }, ...init });
  }
  const messages = async () =>
    Object.fromEntries(
      Object.entries((await npm.packument()).versions).map(([version, m]) => [version, m.deprecated]),
    );

  test('reads only the versions that the request names', async () => {
    await publishAll('1.0.0', '1.1.0', '1.2.0');
    await npm.packument();
    const query = vi.spyOn(npm.registry.table, 'query');
    expect((await deprecate('old', ['1.1.0'])).status).toBe(200);
    const prefixes = query.mock.calls.map(([{ prefix = '' }]) => prefix);
    query.mockRestore();
    expect(prefixes.filter((prefix) => prefix.startsWith('VERSION#'))).toEqual([]);
    expect(await messages()).toEqual({ '1.0.0': undefined, '1.1.0': 'old', '1.2.0': undefined });
  });

  test('sets and removes the message of versions', async () => {
    await publishAll('1.0.0', '1.1.0', '2.0.0');
    expect((await deprecate('use 2', ['1.0.0', '1.1.0'])).status).toBe(200);
    expect(await messages()).toEqual({ '1.0.0': 'use 2', '1.1.0': 'use 2', '2.0.0': undefined });
    expect((await deprecate('', ['1.0.0'])).status).toBe(200);
    expect(await messages()).toEqual({ '1.0.0': undefined, '1.1.0': 'use 2', '2.0.0': undefined });
    expect((await npm.send('GET', `${npm.base}/@acme/tool/-/tool-1.1.0.tgz`)).status).toBe(200);
    const changed = (await events()).filter((event) => event.startsWith('package_changed'));
    expect(changed.sort()).toEqual([
      'package_changed 1.0.0',
      'package_changed 1.0.0',
      'package_changed 1.1.0',
    ]);
  });

  test('tells the texts before and after in its events', async () => {
    await publishAll('1.0.0');
    for (const text of ['bad', 'worse', '']) {
      npm.clock.advance(1000);
      expect((await deprecate(text, ['1.0.0'])).status).toBe(200);
    }
    const plain = { status: 'default', facts: {} };
    const deprecated = (text: string) => ({ status: 'deprecated', facts: { deprecated: text } });
    expect(await details('package_changed')).toEqual([
      ['package_changed', '1.0.0', { before: plain, after: deprecated('bad') }],
      ['package_changed', '1.0.0', { before: deprecated('bad'), after: deprecated('worse') }],
      ['package_changed', '1.0.0', { before: deprecated('worse'), after: plain }],
    ]);
  });

  test('increases the revision once for several versions, and not at all when nothing changes', async () => {
    await publishAll('1.0.0', '1.1.0');
    const revision = async () => Number.parseInt((await npm.packument())._rev, 10);
    const before = await revision();
    await deprecate('old', ['1.0.0', '1.1.0']);
    expect(await revision()).toBe(before + 1);
    const again = await deprecate('old', ['1.0.0', '1.1.0']);
    expect([await revision(), ((await again.json()) as { changed: number }).changed]).toEqual([
      before + 1,
      0,
    ]);
  });

  test('of fifty versions loses nothing while others publish', async () => {
    const all = Array.from({ length: 50 }, (_, index) => `1.0.${index}`);
    await Promise.all(all.map((version) => npm.publish({ version })));
    const publishes = Array.from({ length: 20 }, (_, index) => npm.publish({ version: `2.0.${index}` }));
    const [answer, ...published] = await Promise.all([deprecate('old', all), ...publishes]);
    expect(answer.status).toBe(200);
    expect(new Set(published.map(({ response }) => response.status))).toEqual(new Set([200]));
    const result = await messages();
    expect(Object.keys(result)).toHaveLength(70);
    for (const [version, message] of Object.entries(result)) {
      expect([version, message]).toEqual([version, version.startsWith('1.') ? 'old' : undefined]);
    }
  });

  test('requires a Maintainer, existing versions and a message within the limit', async () => {
    await publishAll('1.0.0');
    const { token } = await npm.user('developer', { level: levels.developer, of: npm.tools });
    expect((await deprecate('x', ['1.0.0'], { token })).status).toBe(403);
    expect((await deprecate('x'.repeat(1025), ['1.0.0'])).status).toBe(400);
    const empty = await npm.put(npm.base + TOOL, { _id: '@acme/tool', users: { root: true } });
    expect([empty.status, await errorOf(empty)]).toEqual([
      400,
      expect.stringContaining('there is nothing to change'),
    ]);
    expect(
      (await npm.put(`${npm.base}/none`, { versions: { '1.0.0': { name: 'none', version: '1.0.0' } } }))
        .status,
    ).toBe(404);
    expect(await messages()).toEqual({ '1.0.0': undefined });
  });
});

describe('unpublishing', () => {
  /** Sends the requests of `npm unpublish <name>@<version>`. */
  async function unpublish(version: string, init: Parameters<typeof npm.put>[2] = {}) {
    const packument = await npm.packument();
    const { [version]: removed, ...rest } = packument.versions;
    expect(removed).toBeDefined();
    const put = await npm.put(
      `${npm.base}${TOOL}/-rev/${packument._rev}`,
      { ...packument, versions: rest },
      init,
    );
    if (put.status !== 200) return put;
    const { _rev } = await npm.packument();
    return npm.send('DELETE', `${npm.base}/@acme/tool/-/tool-${version}.tgz/-rev/${_rev}`, init);
  }

  test('one version removes its tarball and its tags', async () => {
    await publishAll('1.0.0', '1.1.0');
    expect((await unpublish('1.1.0')).status).toBe(200);
    expect(await versions()).toEqual(['1.0.0']);
    expect((await npm.packument())['dist-tags']).toEqual({ latest: '1.0.0' });
    expect((await npm.send('GET', `${npm.base}/@acme/tool/-/tool-1.1.0.tgz`)).status).toBe(404);
    expect((await npm.publish({ version: '1.1.0' })).response.status).toBe(200);
  });

  test('one version at the address that npm 6 sends, which has the prefix twice', async () => {
    await publishAll('1.0.0', '1.1.0');
    const { _rev } = await npm.packument();
    const remove = (version: string) =>
      npm.send('DELETE', `${npm.base}${npm.base}/@acme/tool/-/tool-${version}.tgz/-rev/${_rev}`);
    expect((await remove('1.1.0')).status).toBe(200);
    expect(await versions()).toEqual(['1.0.0']);
    expect((await remove('1.1.0')).status).toBe(200);
    expect((await remove('1.0.0')).status).toBe(409);
  });

  test('the complete package leaves nothing', async () => {
    await publishAll('1.0.0', '1.1.0');
    const { _rev } = await npm.packument();
    expect((await npm.send('DELETE', `${npm.base}${TOOL}/-rev/${_rev}`)).status).toBe(200);
    expect((await npm.send('GET', npm.base + TOOL)).status).toBe(404);
    expect((await npm.send('DELETE', `${npm.base}${TOOL}/-rev/${_rev}`)).status).toBe(404);
    await npm.runJobs();
    const found = await npm.send('GET', `${npm.base}/-/v1/search?text=tool`);
    expect(await found.json()).toMatchObject({ total: 0 });
    await publishAll('1.0.0');
    expect(await versions()).toEqual(['1.0.0']);
  });

  test('answers 409 and loses nothing when the packument was read before another publish', async () => {
    await publishAll('1.0.0', '1.1.0');
    const old = await npm.packument();
    await publishAll('1.2.0');
    const { '1.0.0': _removed, ...rest } = old.versions;
    const requests = [
      npm.put(`${npm.base}${TOOL}/-rev/${old._rev}`, { ...old, versions: rest }),
      npm.send('DELETE', `${npm.base}${TOOL}/-rev/${old._rev}`),
      npm.send('DELETE', `${npm.base}/@acme/tool/-/tool-1.0.0.tgz/-rev/${old._rev}`),
    ];
    for (const response of await Promise.all(requests)) {
      expect([response.status, await errorOf(response)]).toEqual([
        409,
        'The package has changed since you read it: try again',
      ]);
    }
    expect(await versions()).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });

  test('answers 409 and loses nothing when another publish happens during the request', async () => {
    await publishAll('1.0.0', '1.1.0');
    const { _rev, ...packument } = await npm.packument();
    const { '1.0.0': _removed, ...rest } = packument.versions;
    const text = Buffer.from(JSON.stringify({ ...packument, versions: rest }));
    const body = ReadableStream.from(
      (async function* () {
        yield text.subarray(0, 50);
        await publishAll('2.0.0');
        yield text.subarray(50);
      })(),
    );
    const response = await npm.send('PUT', `${npm.base}${TOOL}/-rev/${_rev}`, { body: body as unknown });
    expect([response.status, await errorOf(response)]).toEqual([
      409,
      'The package has changed since you read it: try again',
    ]);
    expect(await versions()).toEqual(['1.0.0', '1.1.0', '2.0.0']);
  });

  test.each(['PUT', 'DELETE'])('with %s keeps a version that is published concurrently', async (method) => {
    await publishAll('1.0.0', '1.1.0');
    const { _rev, ...packument } = await npm.packument();
    const { table } = npm.registry;
    const write = table.write.bind(table);
    table.write = async (writes) => {
      table.write = write;
      await publishAll('2.0.0');
      return write(writes);
    };
    const response = await npm.send(method, `${npm.base}${TOOL}/-rev/${_rev}`, {
      ...(method === 'PUT' && { body: JSON.stringify({ ...packument, versions: {} }) }),
    });
    expect(response.status).toBe(200);
    expect(await versions()).toEqual(['2.0.0']);
  });

  test('the last version removes its thirty tags', async () => {
    await publishAll('1.0.0');
    for (let index = 0; index < 30; index++) {
      const path = `${npm.base}/-/package${TOOL}/dist-tags/tag-${index}`;
      expect((await npm.put(path, '1.0.0')).status).toBe(200);
    }
    const { _rev } = await npm.packument();
    expect((await npm.send('DELETE', `${npm.base}${TOOL}/-rev/${_rev}`)).status).toBe(200);
    expect((await npm.send('GET', npm.base + TOOL)).status).toBe(404);
  });

  test('removes the version when its tarball is deleted first', async () => {
    await publishAll('1.0.0', '1.1.0');
    const { _rev } = await npm.packument();
    const path = `${npm.base}/@acme%2ftool/-/@acme%2ftool-1.0.0.tgz/-rev/${_rev}`;
    expect((await npm.send('DELETE', path)).status).toBe(200);
    expect(await versions()).toEqual(['1.1.0']);
    expect((await npm.send('DELETE', path)).status).toBe(200);
    expect((await npm.send('DELETE', `${npm.base}${TOOL}/-/nonsense/-rev/${_rev}`)).status).toBe(404);
  });

  test('rejects a change of owners, which the registry does not store', async () => {
    await publishAll('1.0.0');
    const { _rev } = await npm.packument();
    const response = await npm.put(`${npm.base}${TOOL}/-rev/${_rev}`, {
      _id: '@acme/tool',
      _rev,
      maintainers: [],
    });
    expect([response.status, await errorOf(response)]).toEqual([400, expect.stringContaining('no owners')]);
    expect(await versions()).toEqual(['1.0.0']);
  });

  test('requires a Maintainer and a project', async () => {
    await publishAll('1.0.0', '1.1.0');
    const { token } = await npm.user('developer', { level: levels.developer, of: npm.tools });
    expect((await unpublish('1.0.0', { token })).status).toBe(403);
    const { _rev } = await npm.packument();
    for (const prefix of [npmPrefix.group('acme'), npmPrefix.instance]) {
      expect((await npm.send('DELETE', `${prefix}${TOOL}/-rev/${_rev}`)).status).toBe(405);
    }
    expect(await versions()).toEqual(['1.0.0', '1.1.0']);
  });

  test('marks the bytes of the package as unreferenced', async () => {
    await publishAll('1.0.0');
    await npm.publish({ name: 'same', files: {} });
    const { _rev } = await npm.packument();
    await npm.send('DELETE', `${npm.base}${TOOL}/-rev/${_rev}`);
    const unreferenced = await npm.registry.table.query({ index: 'index2', pk: 'UNREFERENCED' });
    expect(unreferenced.items).toHaveLength(1);
  });
});
