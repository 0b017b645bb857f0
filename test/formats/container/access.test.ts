import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import { secretDigest } from '../../../services/registry/accounts/token-secret.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { createRegistry } from '../../../services/runtime/compose.ts';
import { allFormats } from '../../../services/runtime/families/all.ts';
import { codesIn, digestOf, manifest, repositoryClient, types } from '../../kit/container-registry.ts';
import { accessToken, deployToken, personalToken, startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let project: Project;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
});

const basic = (name: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`,
});

/** Exchanges a token for a grant. */
async function grant(scopes: readonly string[], headers: Record<string, string> = {}, more = '') {
  const query = scopes.map((scope) => `&scope=${encodeURIComponent(scope)}`).join('');
  const answer = await app.send('GET', `/jwt/auth?service=container_registry${query}${more}`, { headers });
  const body = answer.status === 200 ? ((await answer.clone().json()) as { token: string }) : { token: '' };
  return { answer, token: body.token, access: body.token === '' ? [] : accessIn(body.token) };
}

function accessIn(jwt: string): { name: string; type: string; actions: string[] }[] {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).access;
}

const pullPush = 'repository:acme/tools/app:pull,push';
const index = manifest({ manifests: [] }, types.index);
const push = (token: string | undefined, tag = '1.0') =>
  repositoryClient(app, 'acme/tools/app', token).putManifest(index, tag);
const read = (token: string | undefined, path = 'acme/tools/app') =>
  repositoryClient(app, path, token).get('/manifests/1.0');

describe('a request without a token', () => {
  test('gets a challenge with the scope it needs, in both headers', async () => {
    const realm = 'Bearer realm="http://registry.test/jwt/auth",service="container_registry"';
    for (const [method, path, scope] of [
      ['GET', '/v2/', ''],
      ['GET', '/v2/acme/tools/app/manifests/1.0', 'repository:acme/tools/app:pull'],
      ['HEAD', `/v2/acme/tools/blobs/${digestOf('')}`, 'repository:acme/tools:pull'],
      ['PUT', '/v2/acme/tools/app/manifests/1.0', 'repository:acme/tools/app:pull,push'],
      ['POST', '/v2/acme/tools/app/blobs/uploads/', 'repository:acme/tools/app:pull,push'],
      [
        'POST',
        '/v2/acme/tools/app/blobs/uploads/?mount=x&from=acme/base',
        'repository:acme/tools/app:pull,push repository:acme/base:pull',
      ],
      ['DELETE', '/v2/acme/tools/app/manifests/1.0', 'repository:acme/tools/app:delete'],
      ['GET', '/v2/no/such/project/tags/list', 'repository:no/such/project:pull'],
      ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ]) {
      const answer = await app.send(method ?? '', path ?? '');
      const challenge = scope === '' ? realm : `${realm},scope="${scope}"`;
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe(challenge);
      expect(answer.headers.get('x-registry-challenge')).toBe(challenge);
      expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
      if (method !== 'HEAD') expect(await codesIn(answer)).toEqual(['UNAUTHORIZED']);
    }
  });

  test('pulls from a public project, also with an anonymous grant, and does not push', async () => {
    const open = await app.project('open', 'public');
    await repositoryClient(app, 'acme/open').putManifest(index, '1.0');
    expect((await read('', open.fullPath)).status).toBe(200);
    const { token, access } = await grant(['repository:acme/open:pull,push']);
    expect(access).toEqual([{ type: 'repository', name: 'acme/open', actions: ['pull'] }]);
    expect((await read(token, open.fullPath)).status).toBe(200);
    expect((await repositoryClient(app, 'acme/open', token).putManifest(index, '2.0')).status).toBe(401);
    expect((await app.send('GET', '/v2/', { token })).status).toBe(200);
    const hidden = await grant(['repository:acme/tools/app:pull']);
    const missing = await grant(['repository:acme/nothing:pull']);
    expect([hidden.access, missing.access]).toEqual([[], []]);
    expect((await grant([])).answer.status).toBe(401);
  });
});

describe('a grant', () => {
  test('is issued for every kind of token, for what the token may do', async () => {
    const { user } = await app.user('dev', { level: levels.developer, of: project });
    const reporter = await app.user('reporter', { level: levels.reporter, of: project });
    const deploy = await deployToken(app.registry, project, ['read_registry']);
    const writer = await deployToken(app.registry, app.group, ['read_registry', 'write_registry']);
    const all = ['pull', 'push', 'delete'];
    for (const [name, secret, actions] of [
      ['root', app.rootToken, all],
      ['anybody', await personalToken(app.registry, user, ['api']), all],
      ['anybody', await personalToken(app.registry, user, ['read_registry']), ['pull']],
      ['anybody', await personalToken(app.registry, user, ['write_registry']), all],
      ['reporter', reporter.token, ['pull']],
      ['x', (await accessToken(app.registry, project, levels.developer)).secret, all],
      [deploy.token.username, deploy.secret, ['pull']],
      [writer.token.username, writer.secret, ['pull', 'push']],
    ] as const) {
      const { answer, access } = await grant(['repository:acme/tools/app:*'], basic(name, secret));
      expect([name, answer.status]).toEqual([name, 200]);
      expect([name, access]).toEqual([name, [{ type: 'repository', name: 'acme/tools/app', actions }]]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await answer.json()).toMatchObject({ expires_in: 300, issued_at: expect.stringMatching(/Z$/) });
    }
    expect((await grant([pullPush], basic('wrong', deploy.secret))).answer.status).toBe(401);
    const refused = await grant([pullPush], basic('root', 'phat-wrong'));
    expect([refused.answer.status, await codesIn(refused.answer)]).toEqual([401, ['UNAUTHORIZED']]);
    expect(refused.answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    const packages = await personalToken(app.registry, user, ['read_package_registry']);
    const unfit = await grant([pullPush], basic('dev', packages));
    expect([unfit.answer.status, await codesIn(unfit.answer)]).toEqual([403, ['DENIED']]);
  });

  test('is issued for several scopes in both spellings, and at most for as many as fit', async () => {
    await app.project('base');
    const root = basic('root', app.rootToken);
    const both = await grant([pullPush, 'repository:acme/base:pull'], root);
    expect(both.access.map(({ name }) => name)).toEqual(['acme/tools/app', 'acme/base']);
    const spaced = await grant(
      [`${pullPush} repository(plugin):acme/base:pull nonsense registry:catalog:*`],
      root,
    );
    expect(spaced.access.map(({ name }) => name)).toEqual(['acme/tools/app', 'acme/base', 'catalog']);
    const long = Array.from({ length: 30 }, (_, n) => `repository:acme/base/${'i'.repeat(250)}${n}:pull`);
    const cut = await grant([pullPush, ...long], root);
    expect(cut.answer.status).toBe(200);
    expect(cut.access[0]?.name).toBe('acme/tools/app');
    expect((await push(cut.token)).status).toBe(201);
    expect(
      (await grant([pullPush], root, '&account=root&client_id=docker&offline_token=true')).answer.status,
    ).toBe(200);
    expect((await app.send('POST', '/jwt/auth', { headers: root })).status).toBe(404);
    expect((await app.send('GET', '/jwt/auth?service=other', { headers: root })).status).toBe(404);
    expect((await app.send('GET', '/jwt/auth?service=dependency_proxy', { headers: root })).status).toBe(200);
  });

  test('needs a sealing key, and an operator reads which setting is missing', async () => {
    const unsealed = createRegistry(
      { ...app.registry, formats: async () => allFormats },
      { url: app.registry.settings.url },
    );
    const send = app.sendTo(unsealed);
    const refused = await send('GET', '/jwt/auth?service=container_registry', {
      headers: basic('root', app.rootToken),
    });
    expect([refused.status, await refused.text()]).toEqual([
      503,
      expect.stringContaining('PACKHOUSE_SEALING_SECRET'),
    ]);
  });

  test('is good for what it names, and the challenge of other requests has the scope that they need', async () => {
    const root = basic('root', app.rootToken);
    const reading = (await grant(['repository:acme/tools/app:pull'], root)).token;
    const writing = (await grant([pullPush], root)).token;
    expect((await push(writing)).status).toBe(201);
    expect((await read(reading)).status).toBe(200);
    const refused = await push(reading, '2.0');
    expect([refused.status, await codesIn(refused)]).toEqual([401, ['UNAUTHORIZED']]);
    expect(refused.headers.get('www-authenticate')).toContain(
      'scope="repository:acme/tools/app:pull,push",error="insufficient_scope"',
    );
    expect((await read(writing, 'acme/tools/other')).status).toBe(401);
    expect((await app.send('GET', '/v2/_catalog', { token: writing })).status).toBe(401);
    const catalog = (await grant(['registry:catalog:*'], root)).token;
    const listed = await app.send('GET', '/v2/_catalog', { token: catalog });
    expect(await listed.json()).toEqual({ repositories: ['acme/tools/app'] });
  });

  test('ends with its token, the user, the role and the project, and in five minutes', async () => {
    const { user } = await app.user('dev', { level: levels.developer, of: project });
    const secret = await personalToken(app.registry, user, ['write_registry']);
    const { token } = await grant([pullPush], basic('dev', secret));
    expect((await push(token)).status).toBe(201);
    const { table } = app.registry;
    await table.update(keys.project(project.id), { set: { archived: true } });
    expect((await push(token, '2.0')).status).toBe(403);
    await table.update(keys.project(project.id), { set: { archived: false, containerAccess: 'disabled' } });
    expect((await read(token)).status).toBe(403);
    await table.update(keys.project(project.id), { set: { containerAccess: 'enabled' } });
    await table.update(keys.member({ kind: 'project', id: project.id }, user.id), {
      set: { level: levels.reporter },
    });
    const denied = await push(token, '2.0');
    expect([denied.status, await codesIn(denied)]).toEqual([403, ['DENIED']]);
    expect((await read(token)).status).toBe(200);
    await table.update(keys.token(secretDigest(secret)), { set: { revoked: true } });
    expect((await read(token)).status).toBe(401);
    await table.update(keys.token(secretDigest(secret)), { set: { revoked: false } });
    app.clock.advance(6 * 60_000 + 1000);
    const expired = await read(token);
    expect(expired.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(expired.status).toBe(401);
  });

  test('is refused if it is forged, altered or for another format', async () => {
    const { token } = await grant([pullPush], basic('root', app.rootToken));
    const [header = '', payload = '', signature = ''] = token.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const wider = encode({
      ...claims,
      access: [{ type: 'repository', name: 'acme/other', actions: ['pull'] }],
    });
    for (const forged of [
      `${header}.${wider}.${signature}`,
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'none' })}.${payload}.x`,
      `${encode({ alg: 'HS256', typ: 'JWT', kid: 'x' })}.${payload}.${signature}`,
      `${header}.${payload}.${'A'.repeat(86)}`,
      `${header}.${payload}.${signature}${'A'.repeat(9000)}`,
    ]) {
      expect([forged.slice(0, 20), (await read(forged)).status]).toEqual([forged.slice(0, 20), 401]);
    }
    expect((await app.send('GET', '/api/v4/user', { token })).status).toBe(401);
    const generic = `/api/v4/projects/${project.id}/packages/generic/a/1/a`;
    expect((await app.send('GET', generic, { token })).status).toBe(401);
    expect(app.errors).toEqual([]);
  });
});

describe('a token without a grant', () => {
  test('works in every header, with its own rights', async () => {
    const { user } = await app.user('dev', { level: levels.developer, of: project });
    const secret = await personalToken(app.registry, user, ['write_registry']);
    expect((await push(secret)).status).toBe(201);
    for (const headers of [
      basic('dev', secret),
      { authorization: `Bearer ${secret}` },
      { 'private-token': secret },
    ]) {
      const answer = await app.send('GET', '/v2/acme/tools/app/manifests/1.0', {
        headers: headers as Record<string, string>,
      });
      expect(answer.status).toBe(200);
    }
    expect((await push(await personalToken(app.registry, user, ['read_registry']))).status).toBe(403);
    expect((await read((await app.user('stranger')).token)).status).toBe(404);
    expect((await read((await app.user('guest', { level: levels.guest, of: project })).token)).status).toBe(
      403,
    );
    expect((await app.send('GET', '/v2/_catalog', { token: secret })).status).toBe(403);
  });
});

describe('the path of a repository', () => {
  test('begins with that of a project at any depth, and may go on with any words', async () => {
    const sub = await app.subgroup('sub');
    await app.project('deep', 'private', sub);
    for (const path of [
      'acme/tools',
      'acme/tools/blobs',
      'acme/tools/manifests/tags',
      'acme/tools/a/b/c/d',
      'acme/sub/deep/x',
      'ACME/Tools/app',
    ]) {
      const client = repositoryClient(app, path);
      expect([path, (await client.putManifest(index, '1.0')).status]).toEqual([path, 201]);
      expect([path, await client.tags()]).toEqual([path, ['1.0']]);
    }
    const listed = (await (
      await app.send('GET', '/v2/_catalog?n=3', { token: app.rootToken })
    ).json()) as object;
    expect(listed).toEqual({ repositories: ['acme/tools', 'acme/tools/a/b/c/d', 'acme/tools/app'] });
  });

  test.each([
    ['acme/tools/Upper', 400],
    ['acme/tools/a..b', 400],
    ['acme/tools/-a', 400],
    ['acme/tools/__proto__', 400],
    ['acme/tools/constructor', 201],
    [`acme/tools/${'a'.repeat(255)}`, 201],
    [`acme/tools/${'a'.repeat(256)}`, 400],
    ['acme/none', 404],
    ['acme', 404],
    ['tools', 404],
    [`acme/${'a'.repeat(1100)}`, 404],
  ])('%s is answered with %i', async (path, status) => {
    const answer = await repositoryClient(app, path).putManifest(index, '1.0');
    expect(answer.status).toBe(status);
    if (status === 400) expect(await codesIn(answer)).toEqual(['NAME_INVALID']);
    const read = await repositoryClient(app, path).get('/manifests/1.0');
    expect(read.status).toBe(status === 201 ? 200 : 404);
    expect(app.errors).toEqual([]);
  });
});
