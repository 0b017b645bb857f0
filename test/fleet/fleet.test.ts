import { beforeEach, describe, expect, test } from 'vitest';
import { catalog } from '../../services/catalog.ts';
import { levels } from '../../services/domain/access.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { issueDeployToken } from '../../services/registry/accounts/issue-token.ts';
import { secretDigest } from '../../services/registry/accounts/token-secret.ts';
import { itemOf } from '../../services/registry/records/entities.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { accessToken, deployToken, personalToken, startApp, type TestApp } from '../kit/start-app.ts';
import { samples } from './samples/all.ts';
import { everySample, formatOf, formatsWith, prefixIn } from './samples/every.ts';

test('every format of packages in the catalog has a sample', () => {
  const ofPackages = allFormats.filter(({ feature = 'packages' }) => feature === 'packages');
  expect(samples.map(({ id }) => id).sort()).toEqual(ofPackages.map(({ id }) => id).sort());
  expect(catalog.length).toBe(allFormats.length);
});

interface PublishOptions {
  readonly token?: string;
  readonly name?: string;
  readonly version?: string;
  readonly to?: Project;
  readonly content?: string;
}

describe.each(everySample)('$id', (sample) => {
  let app: TestApp;
  let project: Project;
  let prefixes: Record<'project' | 'group' | 'instance', string>;

  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    project = await app.project('tools', 'private');
    prefixes = {
      project: prefixIn(sample, 'project', project.id),
      group: prefixIn(sample, 'group', 'acme'),
      instance: prefixIn(sample, 'instance'),
    };
  });

  async function publish(options: PublishOptions = {}) {
    const { name = 'sample', version = '1.0.0', to = project, token = app.rootToken, content } = options;
    const request = await sample.publish(name, version, content);
    const prefix = prefixIn(sample, 'project', to.id);
    const { method, path, headers, body, bytes } = request;
    const response = await app.send(method, prefix + path, { token, headers, body });
    return { response, bytes };
  }

  const get = (url: string, token?: string, headers?: Record<string, string>) =>
    app.send('GET', url, { ...(token && { token }), ...(headers && { headers }) });
  const file = sample.file('sample', '1.0.0');
  const readPaths = [file, ...(sample.index ? [sample.index('sample')] : [])];

  test('a published file is served byte for byte at project, group and instance level', async () => {
    const { response, bytes } = await publish();
    expect(response.status).toBeLessThan(300);
    for (const [level, prefix] of Object.entries(prefixes)) {
      const answer = await get(prefix + file, app.rootToken);
      expect([level, answer.status]).toEqual([level, 200]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
      if (sample.index) expect((await get(prefix + sample.index('sample'), app.rootToken)).status).toBe(200);
    }
    expect(app.errors).toEqual([]);
  });

  test('a private project answers 401 without credentials, with the challenge in both headers', async () => {
    await publish();
    const { challenge } = formatOf(sample);
    for (const path of [...readPaths, sample.file('no-such', '1.0.0')]) {
      const answer = await get(prefixes.project + path);
      expect([path, answer.status]).toEqual([path, 401]);
      const sent = answer.headers.get('www-authenticate');
      expect(sent).toEqual(typeof challenge === 'string' ? challenge : expect.stringContaining(path));
      expect(answer.headers.get('x-registry-challenge')).toBe(sent);
    }
    const missing = await get(prefixIn(sample, 'project', 999) + file);
    expect(missing.status).toBe(401);
  });

  test('hidden and missing packages get the same answer for anonymous callers', async () => {
    await publish();
    for (const level of ['group', 'instance'] as const) {
      for (const path of readPaths) {
        const hidden = await get(prefixes[level] + path);
        const absent = await get(prefixes[level] + path.replaceAll('sample', 'absent'));
        expect([level, path, hidden.status]).toEqual([level, path, sample.anonymousMissing]);
        expect(absent.status).toBe(hidden.status);
        const text = await hidden.text();
        expect((await absent.text()).replaceAll('absent', 'sample')).toBe(text);
      }
    }
  });

  test('a user without access to a private project gets 404 at every level', async () => {
    await publish();
    const { token } = await app.user('stranger');
    for (const prefix of Object.values(prefixes)) {
      for (const path of readPaths) expect((await get(prefix + path, token)).status).toBe(404);
    }
    expect((await publish({ token, version: '2.0.0' })).response.status).toBe(404);
  });

  test('a guest and a reporter get 403 for actions that their role in a visible project does not allow', async () => {
    await publish();
    const guest = await app.user('guest', { level: levels.guest, of: project });
    const reporter = await app.user('reporter', { level: levels.reporter, of: project });
    for (const path of readPaths) {
      expect((await get(prefixes.project + path, guest.token)).status).toBe(403);
      expect((await get(prefixes.project + path, reporter.token)).status).toBe(200);
    }
    expect((await publish({ token: reporter.token, version: '2.0.0' })).response.status).toBe(403);
  });

  test('a developer may publish but not delete', async () => {
    const developer = await app.user('developer', { level: levels.developer, of: project });
    expect((await publish({ token: developer.token })).response.status).toBeLessThan(300);
    if (!sample.delete) return;
    const { method, path } = sample.delete('sample', '1.0.0');
    expect((await app.send(method, prefixes.project + path, { token: developer.token })).status).toBe(403);
    expect((await app.send(method, prefixes.project + path, { token: app.rootToken })).status).toBeLessThan(
      300,
    );
    expect((await get(prefixes.project + file, app.rootToken)).status).toBe(404);
  });

  test('a public project is open to anonymous callers and to tokens without rights, but not to wrong tokens', async () => {
    const open = await app.project('open', 'public');
    await publish({ to: open });
    const stranger = await app.user('stranger');
    const url = prefixIn(sample, 'project', open.id) + file;
    expect((await get(url)).status).toBe(200);
    expect((await get(prefixes.group + file)).status).toBe(200);
    expect((await get(prefixes.instance + file)).status).toBe(200);
    expect((await get(url, stranger.token)).status).toBe(200);
    expect((await get(url, 'phat-wrong')).status).toBe(401);
  });

  test('every kind of token works in every header and in the query', async () => {
    await publish();
    const { user } = await app.user('reader', { level: levels.reporter, of: project });
    const deploy = await deployToken(app.registry, app.group, ['read_package_registry']);
    const secrets = [
      { secret: await personalToken(app.registry, user, ['read_api']), name: 'anyone' },
      { secret: (await accessToken(app.registry, project, levels.reporter)).secret, name: 'anyone' },
      { secret: (await accessToken(app.registry, app.group, levels.reporter)).secret, name: 'anyone' },
      { secret: deploy.secret, name: deploy.token.username },
    ];
    for (const { secret, name } of secrets) {
      const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
      const carriers = [
        { authorization: `Bearer ${secret}` },
        { authorization: secret },
        basic(`${name}:${secret}`),
        { 'private-token': secret },
        { 'deploy-token': secret },
        { 'job-token': secret },
      ];
      for (const headers of carriers) {
        expect((await get(prefixes.project + file, undefined, headers)).status).toBe(200);
      }
      expect((await get(`${prefixes.project}${file}?private_token=${secret}`)).status).toBe(200);
    }
    const wrongName = { authorization: `Basic ${Buffer.from(`other:${deploy.secret}`).toString('base64')}` };
    expect((await get(prefixes.project + file, undefined, wrongName)).status).toBe(401);
  });

  test('a token header of one format is ignored by other formats and by the management API', async () => {
    await publish();
    const own = formatOf(sample).tokenHeaders ?? [];
    const every = everySample.flatMap((each) => formatOf(each).tokenHeaders ?? []);
    expect(every).toContain('x-nuget-apikey');
    for (const header of every) {
      const credential = { [header]: app.rootToken };
      const answer = await get(prefixes.project + file, undefined, credential);
      expect([header, answer.status]).toEqual([header, own.includes(header) ? 200 : 401]);
      expect((await get('/api/v4/user', undefined, credential)).status).toBe(401);
      expect((await get('/api/v4/user', app.rootToken, { [header]: 'no token' })).status).toBe(200);
    }
  });

  test('a deploy token publishes only with the write scope and only to its own project', async () => {
    const writer = await deployToken(app.registry, project, ['write_package_registry']);
    const reader = await deployToken(app.registry, project, ['read_package_registry']);
    const other = await app.project('other');
    expect((await publish({ token: writer.secret })).response.status).toBeLessThan(300);
    expect((await publish({ token: reader.secret, version: '2.0.0' })).response.status).toBe(403);
    expect((await publish({ token: writer.secret, to: other })).response.status).toBe(404);
  });

  test('expired tokens, revoked tokens and tokens of blocked users are rejected', async () => {
    await publish();
    const { user, token } = await app.user('reader', { level: levels.reporter, of: project });
    expect((await get(prefixes.project + file, token)).status).toBe(200);
    await app.registry.table.write([{ put: itemOf(keys.user(user.id), { ...user, state: 'blocked' }) }]);
    expect((await get(prefixes.project + file, token)).status).toBe(401);
    const expiresAt = app.clock.now() + 1000;
    const owner = { kind: 'project', id: project.id } as const;
    const scopes = ['read_package_registry'] as const;
    const expiring = await issueDeployToken(app.registry, owner, { name: 'short', scopes, expiresAt });
    const revoked = await deployToken(app.registry, project, scopes);
    await app.registry.table.update(keys.token(secretDigest(revoked.secret)), { set: { revoked: true } });
    expect((await get(prefixes.project + file, revoked.secret)).status).toBe(401);
    expect((await get(prefixes.project + file, expiring.secret)).status).toBe(200);
    app.clock.advance(1000);
    expect((await get(prefixes.project + file, expiring.secret)).status).toBe(401);
  });

  test('HEAD answers like GET, without the body', async () => {
    await publish();
    for (const path of readPaths) {
      const got = await get(prefixes.project + path, app.rootToken);
      const head = await app.send('HEAD', prefixes.project + path, { token: app.rootToken });
      expect(head.status).toBe(200);
      expect(await head.text()).toBe('');
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control']) {
        expect([name, head.headers.get(name)]).toEqual([name, got.headers.get(name)]);
      }
    }
  });

  test('a single range of a file is served, one past the end is rejected, and several are ignored', async () => {
    const { bytes } = await publish();
    const range = (value: string) => get(prefixes.project + file, app.rootToken, { range: value });
    const part = await range('bytes=10-19');
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 10-19/${bytes.byteLength}`,
    ]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    const suffix = await range('bytes=-5');
    expect(Buffer.from(await suffix.arrayBuffer()).equals(bytes.subarray(-5))).toBe(true);
    expect((await range(`bytes=${bytes.byteLength}-`)).status).toBe(416);
    const several = await range('bytes=0-1,4-5');
    expect([several.status, (await several.arrayBuffer()).byteLength]).toEqual([200, bytes.byteLength]);
  });

  test('a current ETag answers 304, for an index until the next publish', async () => {
    await publish();
    for (const path of readPaths) {
      const first = await get(prefixes.project + path, app.rootToken);
      const etag = first.headers.get('etag') ?? '';
      const again = await get(prefixes.project + path, app.rootToken, { 'if-none-match': etag });
      expect([path, again.status, await again.text()]).toEqual([path, 304, '']);
    }
    if (!sample.index) return;
    const url = prefixes.project + sample.index('sample');
    const before = (await get(url, app.rootToken)).headers.get('etag') ?? '';
    await publish({ version: '1.0.1' });
    const after = await get(url, app.rootToken, { 'if-none-match': before });
    expect(after.status).toBe(200);
    expect(after.headers.get('etag')).not.toBe(before);
  });

  test('a second publish of a version gets the status of the format; a refused one leaves no bytes', async () => {
    await publish();
    const { blobs: stored } = await app.registry.blobs.list();
    const { response } = await publish({ content: 'other' });
    if (sample.duplicate === undefined) {
      expect(response.status).toBeLessThan(300);
    } else {
      expect(response.status).toBe(sample.duplicate);
      expect((await app.registry.blobs.list()).blobs).toEqual(stored);
    }
    expect((await get(prefixes.project + file, app.rootToken)).status).toBe(200);
  });

  test('hostile paths get a client error and cause no server error', async () => {
    await publish();
    const hostile = [
      '..%2f..%2fetc%2fpasswd',
      '%2e%2e%2f%2e%2e',
      '..%5c..',
      '%00',
      '%',
      '%zz',
      '__proto__',
      'constructor',
    ];
    for (const part of hostile) {
      for (const url of [
        `/${part}`,
        `/${part}/1.0.0/${part}`,
        `/sample/${part}`,
        `/sample/-/${part}`,
        `/sample/1.0.0/${part}`,
      ]) {
        const answer = await get(prefixes.project + url, app.rootToken);
        expect([url, answer.status >= 400 && answer.status < 500]).toEqual([url, true]);
      }
    }
    expect(app.errors).toEqual([]);
  });

  const searching = sample.searches ? test : undefined;
  searching?.('a search for a text that no name contains finds nothing', async () => {
    await publish();
    await app.runJobs();
    for (const text of ['日本', '日本 sample', 'ø', '...', ':', '🎉'.repeat(101)]) {
      for (const path of sample.searches?.(encodeURIComponent(text)) ?? []) {
        const answer = await get(prefixes.project + path, app.rootToken);
        expect([text, answer.status]).toEqual([text, 200]);
        expect(await answer.text()).not.toMatch(/"name":"sample"|\bsample\b.*1\.0\.0|\["sample"\]/i);
      }
    }
    expect(app.errors).toEqual([]);
  });

  test("a file over the host's limit is rejected with 413 and a hint, and leaves nothing", async () => {
    const small = await startApp({
      formats: formatsWith(sample),
      settings: { bodyLimit: { bytes: 100, hint: ' Turn on the ingest service.' } },
    });
    const target = await small.project('small');
    const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
    const url = prefixIn(sample, 'project', target.id) + path;
    for (const extra of [{}, { 'content-length': String(body.length) }]) {
      const answer = await small.send(method, url, {
        token: small.rootToken,
        headers: { ...headers, ...extra },
        body,
      });
      expect(answer.status).toBe(413);
      expect(await answer.text()).toContain('Turn on the ingest service.');
    }
    expect((await small.registry.blobs.list()).blobs).toEqual([]);
    expect(small.errors).toEqual([]);
  });

  test('a disabled registry rejects everyone, and an archived project rejects changes', async () => {
    await publish();
    await app.registry.table.update(keys.project(project.id), { set: { archived: true } });
    expect((await publish({ version: '2.0.0' })).response.status).toBe(403);
    expect((await get(prefixes.project + file, app.rootToken)).status).toBe(200);
    await app.registry.table.update(keys.project(project.id), { set: { registryAccess: 'disabled' } });
    expect((await get(prefixes.project + file, app.rootToken)).status).toBe(403);
    await app.registry.table.update(keys.project(project.id), {
      set: { registryAccess: 'public', archived: false },
    });
    expect((await get(prefixes.project + file)).status).toBe(200);
  });

  test('publishing to a group or to the instance is rejected with a hint', async () => {
    const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
    for (const level of ['group', 'instance'] as const) {
      const answer = await app.send(method, prefixes[level] + path, { token: app.rootToken, headers, body });
      expect(answer.status).toBe(405);
      expect(await answer.text()).toContain('Publish to a project');
    }
  });
});
