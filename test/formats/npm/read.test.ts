import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { changeGroup } from '../../../services/registry/accounts/change-group.ts';
import { findGroup } from '../../../services/registry/accounts/find-accounts.ts';
import { changeStatuses } from '../../../services/registry/packages/change-versions.ts';
import { named } from '../../kit/names.ts';
import { npmPrefix } from '../../kit/npm-package.ts';
import { type NpmApp, startNpm } from '../../kit/npm-registry.ts';
import { rulesOf } from '../../kit/rules.ts';

let npm: NpmApp;
beforeEach(async () => {
  npm = await startNpm();
});

const INSTALL = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

const get = (path: string, headers: Record<string, string> = {}) => npm.send('GET', path, { headers });

describe('packuments', () => {
  test.each([
    [INSTALL, 'application/vnd.npm.install-v1+json'],
    ['application/vnd.npm.install-v1+json', 'application/vnd.npm.install-v1+json'],
    ['application/json', 'application/json'],
    ['application/json; q=1.0, */*', 'application/json'],
    ['application/json, application/vnd.npm.install-v1+json;q=0.5', 'application/json'],
    ['application/vnd.npm.install-v1+json;q=0', 'application/json'],
    ['*/*', 'application/json'],
    ['', 'application/json'],
  ])('answer Accept: %s with %s', async (accept, type) => {
    await npm.publish({ files: { 'README.md': '# Tool' } });
    const response = await get(`${npm.base}/@acme%2ftool`, accept === '' ? {} : { accept });
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('vary')).toBe('Accept-Encoding, Accept');
    const document = (await response.json()) as Record<string, unknown>;
    expect('readme' in document).toBe(type === 'application/json');
    expect('modified' in document).toBe(type !== 'application/json');
  });

  test('are complete for a client that will write, whatever it accepts', async () => {
    await npm.publish();
    const response = await get(`${npm.base}/@acme%2ftool?write=true`, { accept: INSTALL });
    expect(await response.json()).toMatchObject({ _id: '@acme/tool', _rev: expect.stringMatching(/^1-/) });
  });

  test('have the times of the publishes', async () => {
    const start = npm.clock.now();
    await npm.publish();
    npm.clock.advance(60_000);
    await npm.publish({ version: '1.1.0' });
    const iso = (time: number) => new Date(time).toISOString();
    expect((await npm.packument()).time).toEqual({
      created: iso(start),
      modified: iso(start + 60_000),
      '1.0.0': iso(start),
      '1.1.0': iso(start + 60_000),
    });
  });

  test('have an ETag per variant, level and encoding, which any change of the package invalidates', async () => {
    await npm.publish({ fields: { description: 'x'.repeat(2000) } });
    const url = `${npm.base}/@acme%2ftool`;
    const seen = new Set<string>();
    const variants = [
      [url, {}],
      [url, { accept: INSTALL }],
      [url, { 'accept-encoding': 'gzip' }],
      [url, { 'accept-encoding': 'br, gzip' }],
      [`${npmPrefix.group('acme')}/@acme%2ftool`, {}],
      [`${npmPrefix.instance}/@acme%2ftool`, {}],
    ] as const;
    for (const [path, headers] of variants) {
      const etag = (await get(path, headers)).headers.get('etag') ?? '';
      seen.add(etag);
      const again = await get(path, { ...headers, 'if-none-match': etag });
      expect([path, headers, again.status, await again.text()]).toEqual([path, headers, 304, '']);
      expect(again.headers.get('etag')).toBe(etag);
    }
    expect(seen.size).toBe(variants.length);
    await npm.send('PUT', `${npm.base}/-/package/@acme%2ftool/dist-tags/next`, { body: '"1.0.0"' });
    for (const etag of seen) expect((await get(url, { 'if-none-match': etag })).status).toBe(200);
  });

  test('are compressed as the client requests', async () => {
    await npm.publish({ fields: { description: 'x'.repeat(5000) } });
    const plain = await (await get(`${npm.base}/@acme%2ftool`)).text();
    const read = async (encoding: string) => {
      const response = await get(`${npm.base}/@acme%2ftool`, { 'accept-encoding': encoding });
      expect(response.headers.get('content-encoding')).toBe(encoding);
      return Buffer.from(await response.arrayBuffer());
    };
    expect(gunzipSync(await read('gzip')).toString()).toBe(plain);
    expect(brotliDecompressSync(await read('br')).toString()).toBe(plain);
  });

  test('contain versions that are also served by number and by tag', async () => {
    await npm.publish();
    await npm.publish({ version: '2.0.0-beta.1', tag: 'beta' });
    const versionAt = async (at: string) => {
      const response = await get(`${npm.base}/@acme%2ftool/${at}`);
      return response.status === 200
        ? ((await response.json()) as { version: string }).version
        : response.status;
    };
    expect(await versionAt('1.0.0')).toBe('1.0.0');
    expect(await versionAt('latest')).toBe('1.0.0');
    expect(await versionAt('beta')).toBe('2.0.0-beta.1');
    for (const missing of ['9.0.0', 'none', '__proto__', 'constructor', 'toString']) {
      expect(await versionAt(missing)).toBe(404);
    }
  });

  test('contain the same manifest as the address of the version, at every level', async () => {
    const other = await npm.project('other', 'public');
    await npm.publish({ fields: { description: 'first' } });
    await npm.publish({ fields: { description: 'second' }, to: other });
    await npm.publish({ version: '1.1.0-beta.1', tag: 'beta', to: other });
    await npm.publish({ version: '2.0.0', fields: { bin: 'cli.js', engines: { node: '>=20' } } });
    for (const prefix of [npm.base, npmPrefix.group('acme'), npmPrefix.instance]) {
      const packument = await npm.packument('@acme/tool', prefix);
      const named = [...Object.keys(packument.versions), ...Object.keys(packument['dist-tags'])];
      expect(named.length).toBeGreaterThan(2);
      for (const name of named) {
        const version = new Map(Object.entries(packument['dist-tags'])).get(name) ?? name;
        const answer = await get(`${prefix}/@acme%2ftool/${name}`);
        expect([prefix, name, await answer.json()]).toEqual([prefix, name, packument.versions[version]]);
        expect(answer.headers.get('content-type')).toBe('application/json');
      }
    }
  });

  test('ignore a tag of an unlisted version, and `latest` falls back to the highest version', async () => {
    const actor = { kind: 'user', id: npm.root.id, name: 'root' } as const;
    await npm.publish();
    await npm.publish({ version: '2.0.0', tag: 'next' });
    await npm.publish({ version: '3.0.0' });
    const at = async (tag: string) => {
      const response = await get(`${npm.base}/@acme%2ftool/${tag}`);
      return response.status === 200 ? ((await response.json()) as { version: string }).version : 404;
    };
    expect([await at('latest'), await at('next')]).toEqual(['3.0.0', '2.0.0']);
    const change = {
      project: npm.tools,
      actor,
      format: rulesOf('npm'),
      name: named.package('@acme/tool'),
      versions: ['2.0.0', '3.0.0'].map(named.version),
    };
    await changeStatuses(npm.registry, change, () => 'hidden');
    expect([await at('latest'), await at('next'), await at('3.0.0')]).toEqual(['1.0.0', 404, 404]);
  });

  test('are served for unscoped names too', async () => {
    expect((await npm.publish({ name: 'tool' })).response.status).toBe(200);
    const { dist } = (await npm.packument('tool')).versions['1.0.0']!;
    expect(dist.tarball).toBe(`http://registry.test${npm.base}/tool/-/tool-1.0.0.tgz`);
    expect((await get(new URL(dist.tarball).pathname)).status).toBe(200);
    expect((await get(`${npm.base}/tool/latest`)).status).toBe(200);
  });

  test.each([
    '/nothing',
    '/@acme%2fnothing',
    '/@acme',
    '/.hidden',
    '/Größe',
    '/-/nothing',
    '/-/v1/nothing',
    '/a/b/c/d',
  ])('are not found at %s, with an error that npm prints', async (path) => {
    const response = await get(npm.base + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining('Not Found') });
  });
});

describe('tarballs', () => {
  const spellings = [
    '/@acme/tool/-/tool-1.0.0.tgz',
    '/@acme%2ftool/-/tool-1.0.0.tgz',
    '/@acme%2Ftool/-/tool-1.0.0.tgz',
    '/@acme/tool/-/@acme/tool-1.0.0.tgz',
    '/@acme%2ftool/-/@acme%2ftool-1.0.0.tgz',
  ];

  test('are found at every level in every spelling, including that of lock files made with GitLab', async () => {
    const { tarball } = await npm.publish();
    for (const prefix of [
      npm.base,
      npmPrefix.project('acme/tools'),
      npmPrefix.group('acme'),
      npmPrefix.instance,
    ]) {
      for (const path of spellings) {
        const response = await get(prefix + path);
        expect([prefix + path, response.status]).toEqual([prefix + path, 200]);
        expect(Buffer.from(await response.arrayBuffer()).equals(tarball)).toBe(true);
      }
    }
  });

  test('support HEAD, ranges and conditions', async () => {
    const { tarball } = await npm.publish();
    const url = npm.base + spellings[0];
    const head = await npm.send('HEAD', url);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(tarball.byteLength)]);
    const part = await get(url, { range: 'bytes=0-1' });
    expect([part.status, Buffer.from(await part.arrayBuffer()).toString('hex')]).toEqual([206, '1f8b']);
    const again = await get(url, { 'if-none-match': head.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
  });

  test.each([
    '/@acme/tool/-/tool-2.0.0.tgz',
    '/@acme/tool/-/tool-latest.tgz',
    '/@acme/tool/-/other-1.0.0.tgz',
    '/@acme/tool/-/@other/tool-1.0.0.tgz',
    '/@acme/tool/-/tool-1.0.0.tgz.sigstore',
    '/@acme/other/-/other-1.0.0.tgz',
  ])('are not found at %s', async (path) => {
    await npm.publish();
    expect((await get(npm.base + path)).status).toBe(404);
  });
});

describe('groups and the instance', () => {
  test('merge the versions of their projects, prefer the first publisher, and link to their own addresses', async () => {
    const other = await npm.project('other', 'public');
    await npm.publish({ version: '1.0.0', fields: { description: 'first' } });
    await npm.publish({ version: '1.0.0', fields: { description: 'second' }, to: other });
    await npm.publish({ version: '2.0.0', to: other });
    for (const prefix of [npmPrefix.group('acme'), npmPrefix.instance]) {
      const { versions, ...rest } = await npm.packument('@acme/tool', prefix);
      expect(Object.keys(versions)).toEqual(['1.0.0', '2.0.0']);
      expect(versions['1.0.0']).toMatchObject({ description: 'first' });
      expect(rest['dist-tags']).toEqual({ latest: '1.0.0' });
      for (const [version, { dist }] of Object.entries(versions)) {
        expect(dist.tarball).toBe(`http://registry.test${prefix}/@acme/tool/-/tool-${version}.tgz`);
        expect((await get(new URL(dist.tarball).pathname)).status).toBe(200);
      }
    }
    const anonymous = await npm.send('GET', `${npmPrefix.instance}/@acme%2ftool`, { token: '' });
    const { versions } = (await anonymous.json()) as { versions: object };
    expect(Object.keys(versions)).toEqual(['2.0.0']);
  });

  test('serve a scope under the former path of its group', async () => {
    await npm.publish();
    const group = await findGroup(npm.registry.table, 'acme');
    const actor = { kind: 'user', id: npm.root.id, name: 'root' } as const;
    await changeGroup(npm.registry, group!, { path: 'renamed' }, actor);
    const { versions } = await npm.packument('@acme/tool', npmPrefix.instance);
    const url = new URL(versions['1.0.0']?.dist.tarball ?? '');
    expect((await get(url.pathname)).status).toBe(200);
  });

  test('keep a hidden version out of the packument, and serve nothing else under its address', async () => {
    const actor = { kind: 'user', id: npm.root.id, name: 'root' } as const;
    const other = await npm.project('other', 'public');
    const hidden = await npm.publish({ name: 'dup', files: { 'a.js': 'hidden' } });
    const change = {
      project: npm.tools,
      actor,
      format: rulesOf('npm'),
      name: named.package('dup'),
      versions: [named.version('1.0.0')],
    };
    await changeStatuses(npm.registry, change, () => 'hidden');
    await npm.publish({ name: 'dup', files: { 'a.js': 'shown' }, to: other });
    await npm.publish({ name: 'dup', version: '2.0.0', to: other });
    for (const prefix of [npmPrefix.group('acme'), npmPrefix.instance]) {
      expect(Object.keys((await npm.packument('dup', prefix)).versions)).toEqual(['2.0.0']);
      const tarball = await get(`${prefix}/dup/-/dup-1.0.0.tgz`);
      expect(Buffer.from(await tarball.arrayBuffer()).equals(hidden.tarball)).toBe(true);
    }
  });

  test('exclude projects outside of the group', async () => {
    const inner = await npm.subgroup('inner');
    const there = await npm.project('there', 'public', inner);
    await npm.publish({ to: there });
    await npm.publish({ version: '2.0.0' });
    const { versions } = await npm.packument('@acme/tool', npmPrefix.group('acme/inner'));
    expect(Object.keys(versions)).toEqual(['1.0.0']);
    expect(Object.keys((await npm.packument('@acme/tool', npmPrefix.group('acme'))).versions)).toHaveLength(
      2,
    );
  });

  test('answer for a hidden name as for a missing one', async () => {
    await npm.publish({ name: '@acme/secret' });
    const { token } = await npm.user('stranger');
    for (const prefix of [npm.base, npmPrefix.group('acme'), npmPrefix.instance]) {
      for (const path of [
        '/@acme%2fNAME',
        '/@acme/NAME/-/NAME-1.0.0.tgz',
        '/@acme%2fNAME/1.0.0',
        '/-/package/@acme%2fNAME/dist-tags',
      ]) {
        const answerFor = async (name: string, as: string) => {
          const response = await npm.send('GET', prefix + path.replaceAll('NAME', name), { token: as });
          return [response.status, await response.text()];
        };
        expect(await answerFor('secret', token)).toEqual(await answerFor('absent', token));
        expect(await answerFor('secret', '')).toEqual(await answerFor('absent', ''));
        expect((await answerFor('secret', token))[0]).toBe(404);
      }
    }
  });

  test('show the visibility of a package, which npm reads before a publish with provenance', async () => {
    const open = await npm.project('open', 'public');
    await npm.publish();
    await npm.publish({ name: 'open', to: open });
    const visibility = async (path: string) => (await get(path)).text();
    expect(await visibility(`${npm.base}/-/package/@acme%2ftool/visibility`)).toBe('{"public":false}');
    expect(await visibility(`${npmPrefix.project(open.id)}/-/package/open/visibility`)).toBe(
      '{"public":true}',
    );
    expect((await get(`${npm.base}/-/package/none/visibility`)).status).toBe(404);
  });
});
