import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { JSON_TYPE, messageOf, type PypiApp, pypiPrefix, startPypi } from '../../kit/pypi-registry.ts';
import { sdist, wheel } from '../../kit/python-package.ts';

let pypi: PypiApp;
beforeEach(async () => {
  pypi = await startPypi();
});

const pathOf = (url: string) => new URL(url).pathname;
const filesOf = async (name: string, prefix: string) =>
  (await pypi.page(name, prefix)).files.map(({ filename }) => filename);

describe('the page of a project', () => {
  beforeEach(async () => {
    await pypi.upload(wheel({ metadata: { 'Requires-Python': '<4,>=3.9' } }));
  });

  test('is HTML unless JSON is requested, with the matching content type', async () => {
    const html = await pypi.send('GET', `${pypi.base}/simple/sample/`);
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = await html.text();
    expect(text).toContain('data-requires-python="&lt;4,&gt;=3.9"');
    expect(text).toContain(`href="http://registry.test${pypi.base}/files/`);
    const json = await pypi.send('GET', `${pypi.base}/simple/sample`, { headers: { accept: JSON_TYPE } });
    expect(json.headers.get('content-type')).toBe(JSON_TYPE);
    expect(json.headers.get('vary')).toBe('Accept-Encoding, Accept');
    expect(json.headers.get('etag')).not.toBe(html.headers.get('etag'));
    for (const answer of [html, json]) expect(answer.headers.get('etag')).toMatch(/^"[\x21\x23-\x7e]+"$/);
    const byUrl = await pypi.send(
      'GET',
      `${pypi.base}/simple/sample/?format=${encodeURIComponent(JSON_TYPE)}`,
    );
    expect(await byUrl.json()).toEqual(await json.json());
  });

  test('is at the normalized name, to which other spellings redirect', async () => {
    await pypi.upload(await sdist({ name: 'My.Pkg', version: '1' }), { name: 'My.Pkg' });
    for (const name of ['My.Pkg', 'my_pkg', 'MY---pkg']) {
      const answer = await pypi.send('GET', `${pypi.base}/simple/${name}/?format=x`);
      expect([answer.status, answer.headers.get('location')]).toEqual([
        301,
        `http://registry.test${pypi.base}/simple/my-pkg/?format=x`,
      ]);
    }
    const wrong = await pypi.send('GET', `${pypi.base}/simple/-a-/`);
    expect([wrong.status, await messageOf(wrong)]).toEqual([404, 'Package Not Found']);
  });

  test('is the same at every level, with links below the requested address', async () => {
    for (const prefix of [
      pypi.base,
      pypiPrefix.project('acme/tools'),
      pypiPrefix.group('acme'),
      pypiPrefix.instance,
    ]) {
      const { files } = await pypi.page('sample', prefix);
      expect(pathOf(files[0]?.url ?? '').startsWith(`${prefix}/files/`)).toBe(true);
      for (const ending of ['', '.metadata']) {
        expect((await pypi.send('GET', pathOf(files[0]?.url ?? '') + ending)).status).toBe(200);
      }
    }
  });

  test('does not exist for a missing package', async () => {
    await pypi.registry.table.update(keys.project(pypi.tools.id), { set: { visibility: 'public' } });
    const missing = await pypi.send('GET', `${pypi.base}/simple/absent/`);
    expect([missing.status, await messageOf(missing)]).toEqual([404, 'Package Not Found']);
    expect((await pypi.send('GET', `${pypi.base}/simple/absent/`, { token: '' })).status).toBe(404);
    expect((await pypi.send('GET', '/api/v4/packages/pypi/simple/absent/', { token: '' })).status).toBe(401);
  });
});

describe('a file', () => {
  test('is served only at its digest and exact name', async () => {
    await pypi.upload(wheel());
    const [file] = (await pypi.page()).files;
    const path = pathOf(file?.url ?? '');
    const digest = file?.hashes.sha256 ?? '';
    const wrong = [
      path.replace(digest, 'a'.repeat(64)),
      path.replace(digest, 'x'),
      path.replace('py3-none', 'py2-none'),
      path.replace('sample-1.0.0', 'Sample-1.0.0'),
      `${path}.asc`,
      `${path}.metadata.metadata`,
      path.replace('.whl', '.exe'),
      path.replace(/[^/]+$/, 'x'),
    ];
    for (const each of wrong) {
      const answer = await pypi.send('GET', each);
      expect([each, answer.status]).toEqual([each, 404]);
    }
    expect((await pypi.send('GET', path.replace(digest, digest.toUpperCase()))).status).toBe(200);
    expect(pypi.errors).toEqual([]);
  });

  test('is served in ranges, for installers that find no metadata', async () => {
    const built = await sdist();
    await pypi.upload(built);
    const [file] = (await pypi.page()).files;
    const answer = await pypi.send('GET', pathOf(file?.url ?? ''), { headers: { range: 'bytes=-10' } });
    expect([answer.status, Buffer.from(await answer.arrayBuffer())]).toEqual([
      206,
      Buffer.from(built.bytes.slice(-10)),
    ]);
  });
});

describe('a group', () => {
  test('serves the packages of its projects, and of a shared version the files of the oldest project', async () => {
    const other = await pypi.project('other');
    await pypi.upload(wheel());
    await pypi.upload(await sdist(), {}, { to: other });
    await pypi.upload(await sdist({ version: '2.0' }), {}, { to: other });
    expect(await filesOf('sample', pypiPrefix.group('acme'))).toEqual([
      'sample-1.0.0-py3-none-any.whl',
      'sample-2.0.tar.gz',
    ]);
    const { files } = await pypi.page('sample', pypiPrefix.instance);
    for (const { url } of files) expect((await pypi.send('GET', pathOf(url))).status).toBe(200);
  });

  test('shows each caller only the projects that they may read', async () => {
    const team = await pypi.subgroup('team');
    const secret = await pypi.project('secret', 'private', team);
    const open = await pypi.project('open', 'public', team);
    await pypi.upload(wheel({ version: '1.0' }), {}, { to: secret });
    await pypi.upload(wheel({ version: '2.0' }), {}, { to: open });
    const member = await pypi.user('member', { level: levels.reporter, of: secret });
    const stranger = await pypi.user('stranger');
    const versionsFor = async (token: string, prefix: string) =>
      (await pypi.page('sample', prefix, token)).versions;
    for (const prefix of [pypiPrefix.group('acme'), pypiPrefix.group('acme/team'), pypiPrefix.instance]) {
      expect(await versionsFor(member.token, prefix)).toEqual(['1.0', '2.0']);
      expect(await versionsFor(stranger.token, prefix)).toEqual(['2.0']);
      expect(await versionsFor('', prefix)).toEqual(['2.0']);
    }
    const [file] = (await pypi.page('sample', pypiPrefix.project(secret.id))).files;
    const atGroup = pathOf(file?.url ?? '').replace(pypiPrefix.project(secret.id), pypiPrefix.group('acme'));
    expect((await pypi.send('GET', atGroup, { token: member.token })).status).toBe(200);
    expect((await pypi.send('GET', atGroup, { token: stranger.token })).status).toBe(404);
  });
});

describe('the index of all projects', () => {
  const index = async (prefix: string, init: Parameters<PypiApp['send']>[2] = {}) => {
    const answer = await pypi.send('GET', `${prefix}/simple/`, { headers: { accept: JSON_TYPE }, ...init });
    const text = await answer.text();
    return { status: answer.status, names: answer.status === 200 ? namesIn(text) : text };
  };
  const namesIn = (text: string) => JSON.parse(text).projects.map((each: { name: string }) => each.name);

  beforeEach(async () => {
    const open = await pypi.project('open', 'public');
    for (const name of ['b.b', 'a']) await pypi.upload(await sdist({ name }), { name });
    for (const name of ['c', 'a'])
      await pypi.upload(await sdist({ name, description: 'other' }), { name }, { to: open });
  });

  test('lists each project once at every level, as HTML and as JSON', async () => {
    expect((await index(pypi.base)).names).toEqual(['a', 'b-b']);
    for (const prefix of [pypiPrefix.group('acme'), pypiPrefix.instance]) {
      expect((await index(prefix)).names).toEqual(['a', 'b-b', 'c']);
      const html = await pypi.send('GET', `${prefix}/simple`);
      expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const text = await html.text();
      expect(text).toContain('<meta name="pypi:repository-version" content="1.4">');
      expect(text.match(/<a href="[^"]*">/g)).toEqual(
        ['a', 'b-b', 'c'].map((name) => `<a href="http://registry.test${prefix}/simple/${name}/">`),
      );
    }
    const json = await pypi.send('GET', `${pypi.base}/simple/`, { headers: { accept: JSON_TYPE } });
    expect(await json.json()).toMatchObject({ meta: { 'api-version': '1.4' } });
  });

  test('is gzipped for clients that accept gzip', async () => {
    const headers = { accept: JSON_TYPE, 'accept-encoding': 'gzip, deflate' };
    const answer = await pypi.send('GET', `${pypi.base}/simple/`, { headers });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(namesIn(gunzipSync(await answer.arrayBuffer()).toString())).toEqual(['a', 'b-b']);
    const head = await pypi.send('HEAD', `${pypi.base}/simple/`, { headers });
    expect([head.status, await head.text(), head.headers.get('content-type')]).toEqual([200, '', JSON_TYPE]);
  });

  test('lists only what the caller may install', async () => {
    const stranger = await pypi.user('stranger');
    expect((await index(pypiPrefix.instance, { token: '' })).names).toEqual(['a', 'c']);
    expect((await index(pypiPrefix.group('acme'), { token: stranger.token })).names).toEqual(['a', 'c']);
    expect((await index(pypi.base, { token: '' })).status).toBe(401);
    expect((await index(pypi.base, { token: stranger.token })).status).toBe(404);
  });

  test('answers 404 for a hidden group, as for a missing one', async () => {
    const hidden = await pypi.subgroup('hidden', 'private');
    const stranger = await pypi.user('stranger');
    expect((await index(pypiPrefix.group(hidden.id))).names).toEqual([]);
    expect((await index(pypiPrefix.group(hidden.id), { token: '' })).status).toBe(401);
    expect((await index(pypiPrefix.group(hidden.id), { token: stranger.token })).status).toBe(404);
    expect((await index(pypiPrefix.group('nowhere'), { token: stranger.token })).status).toBe(404);
  });

  test('is empty without packages, but challenges anonymous callers at instance level', async () => {
    const empty = await startPypi();
    const instance = `${pypiPrefix.instance}/simple/`;
    const answer = await empty.send('GET', instance, { headers: { accept: JSON_TYPE } });
    expect(await answer.text()).toBe('{"meta":{"api-version":"1.4"},"projects":[]}');
    expect((await empty.send('GET', instance, { token: '' })).status).toBe(401);
  });
});
