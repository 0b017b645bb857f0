import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { npmPrefix } from '../../kit/npm-package.ts';
import { errorOf, type NpmApp, startNpm } from '../../kit/npm-registry.ts';
import { accessToken, deployToken, personalToken } from '../../kit/start-app.ts';

let npm: NpmApp;
beforeEach(async () => {
  npm = await startNpm();
});

const prefixes = () => [npm.base, npmPrefix.group('acme'), npmPrefix.instance, npmPrefix.project('no/such')];
const json = async (method: string, path: string, init: Parameters<typeof npm.send>[2] = {}) => {
  const response = await npm.send(method, path, init);
  return [response.status, await response.json()];
};

describe('the account of the caller', () => {
  test('is the user of a token, or the name of a deploy token, at every level', async () => {
    const deploy = await deployToken(npm.registry, npm.tools, ['read_package_registry']);
    for (const prefix of prefixes()) {
      expect(await json('GET', `${prefix}/-/whoami`)).toEqual([200, { username: 'root' }]);
      expect(await json('GET', `${prefix}/-/whoami`, { token: deploy.secret })).toEqual([
        200,
        { username: deploy.token.username },
      ]);
      for (const token of ['', 'phat-wrong']) {
        expect((await npm.send('GET', `${prefix}/-/whoami`, { token })).status).toBe(401);
      }
      expect(await json('GET', `${prefix}/-/ping`, { token: '' })).toEqual([200, {}]);
    }
  });

  test('has a profile, and lists the token in use', async () => {
    const token = await personalToken(npm.registry, npm.root, ['read_api']);
    const created = new Date(npm.clock.now()).toISOString();
    expect(await json('GET', `${npm.base}/-/npm/v1/user`, { token })).toEqual([
      200,
      {
        tfa: null,
        name: 'root',
        email: 'root@example.com',
        email_verified: true,
        fullname: 'Root',
        created,
        updated: created,
      },
    ]);
    expect(await json('GET', `${npm.base}/-/npm/v1/tokens`, { token })).toMatchObject([
      200,
      { objects: [{ name: 'test', readonly: true }], urls: {} },
    ]);
    expect((await npm.send('GET', `${npm.base}/-/npm/v1/tokens`, { token: '' })).status).toBe(401);
  });
});

describe('login', () => {
  const login = (name: string, password: string, at = name) =>
    npm.put(
      `${npm.base}/-/user/org.couchdb.user:${encodeURIComponent(at)}`,
      { name, password, type: 'user' },
      { token: '' },
    );

  test('with a token of the user, or a deploy token and its own name, returns that token', async () => {
    const deploy = await deployToken(npm.registry, npm.tools, ['read_package_registry']);
    for (const [name, secret] of [
      ['root', npm.rootToken],
      ['ROOT', npm.rootToken],
      [deploy.token.username, deploy.secret],
    ] as const) {
      const response = await login(name, secret);
      expect([response.status, await response.json()]).toEqual([
        201,
        { ok: `you are authenticated as '${name}'`, id: `org.couchdb.user:${name}`, token: secret },
      ]);
    }
  });

  test('with anything else answers 401 with a hint', async () => {
    const { token: other } = await npm.user('other');
    const deploy = await deployToken(npm.registry, npm.tools, ['read_package_registry']);
    for (const [name, secret, at] of [
      ['root', 'password'],
      ['root', ''],
      ['root', other],
      ['nobody', npm.rootToken],
      ['root', deploy.secret],
      ['root', npm.rootToken, 'other'],
    ] as const) {
      const response = await login(name, secret, at);
      expect([name, response.status, await errorOf(response)]).toEqual([
        name,
        401,
        'The password must be an access token of this user',
      ]);
    }
    expect((await npm.put(`${npm.base}/-/user/org.couchdb.user:root`, { name: 1 })).status).toBe(400);
  });

  test('through the browser answers 404, so that npm falls back to a password', async () => {
    const response = await npm.send('POST', `${npm.base}/-/v1/login`, { token: '', body: '{}' });
    expect([response.status, await errorOf(response)]).toEqual([
      404,
      expect.stringContaining('access token'),
    ]);
  });
});

describe('logout', () => {
  const logout = (token: string, inPath = token) =>
    npm.send('DELETE', `${npm.base}/-/user/token/${encodeURIComponent(inPath)}`, { token });
  const works = async (token: string) =>
    (await npm.send('GET', `${npm.base}/-/whoami`, { token })).status === 200;

  test('revokes the personal token that it is sent with, and nothing else of its user', async () => {
    const { user, token } = await npm.user('ann');
    const other = await personalToken(npm.registry, user);
    const response = await logout(token);
    expect([response.status, response.headers.get('npm-notice')]).toEqual([200, null]);
    expect([await works(token), await works(other)]).toEqual([false, true]);
  });

  test('revokes a token of any scope, and a project access token', async () => {
    const reader = await personalToken(npm.registry, npm.root, ['read_package_registry']);
    const bot = await accessToken(npm.registry, npm.tools, levels.reporter);
    for (const token of [reader, bot.secret]) {
      expect((await logout(token)).status).toBe(200);
      expect(await works(token)).toBe(false);
    }
  });

  test("never revokes another token, neither another person's nor one of the same user", async () => {
    const { token: other } = await npm.user('ann');
    const own = await personalToken(npm.registry, npm.root);
    for (const token of [other, own]) {
      expect((await logout(npm.rootToken, token)).status).toBe(404);
      expect((await npm.send('DELETE', `${npm.base}/-/user/token/${token}`, { token: '' })).status).toBe(401);
      expect(await works(token)).toBe(true);
    }
  });

  test('succeeds for a token that is no longer valid, so that npm forgets it', async () => {
    const { token } = await npm.user('ann');
    expect([(await logout(token)).status, (await logout(token)).status]).toEqual([200, 200]);
    expect((await logout('phat-wrong')).status).toBe(200);
  });

  test('leaves a deploy token valid, and says so', async () => {
    const deploy = await deployToken(npm.registry, npm.tools, ['read_package_registry']);
    const response = await logout(deploy.secret);
    expect([response.status, response.headers.get('npm-notice')]).toEqual([
      200,
      expect.stringContaining('still valid'),
    ]);
    expect(await works(deploy.secret)).toBe(true);
  });
});

test('a small body that unpacks to more than its limit is rejected', async () => {
  const body = gzipSync(JSON.stringify({ name: 'root', password: 'x'.repeat(65 * 1024) }));
  const path = `${npm.base}/-/user/org.couchdb.user:root`;
  expect((await json('PUT', path, { body, token: '' }))[0]).toBe(413);
});

describe('audits', () => {
  const tree = {
    name: 'app',
    requires: {},
    dependencies: { a: { version: '1.0.0' }, b: { version: '2.0.0' } },
  };
  const report = {
    actions: [],
    advisories: {},
    muted: [],
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0 },
      dependencies: 0,
      devDependencies: 0,
      optionalDependencies: 0,
      totalDependencies: 0,
    },
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    json('POST', path, { body, headers, token: '' });

  test('return no advisories for plain and gzipped requests, at every level', async () => {
    for (const prefix of prefixes()) {
      const bulk = `${prefix}/-/npm/v1/security/advisories/bulk`;
      expect(await post(bulk, '{"a":["1.0.0"]}')).toEqual([200, {}]);
      expect(await post(bulk, gzipSync('{"a":["1.0.0"]}'), { 'content-encoding': 'gzip' })).toEqual([
        200,
        {},
      ]);
      for (const path of ['audits', 'audits/quick']) {
        expect(await post(`${prefix}/-/npm/v1/security/${path}`, JSON.stringify(tree))).toEqual([
          200,
          report,
        ]);
      }
    }
  });

  test('reject a body that is too large', async () => {
    const bulk = `${npm.base}/-/npm/v1/security/advisories/bulk`;
    expect((await post(bulk, `"${'x'.repeat(9 << 20)}"`))[0]).toBe(413);
    expect(npm.errors).toEqual([]);
  });

  test('do not unpack the tree, so one that exceeds the limit gets the usual answer', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    const bomb = gzipSync(`[${'{},'.repeat(10_000_000)}{}]`, { level: 1 });
    for (const path of ['advisories/bulk', 'audits', 'audits/quick']) {
      expect((await post(`${npm.base}/-/npm/v1/security/${path}`, bomb, gzip))[0]).toBe(200);
    }
  });

  test('return no advisories for a tree that a gateway unpacked or corrupted', async () => {
    const bulk = `${npm.base}/-/npm/v1/security/advisories/bulk`;
    const gzip = { 'content-encoding': 'gzip' };
    const corrupted = Buffer.from(gzipSync('{"left-pad":["1.0.0"]}').toString('utf8'));
    for (const body of ['{"left-pad":["1.0.0"]}', corrupted]) {
      const [status, answer] = await post(bulk, body, gzip);
      expect([status, answer]).toEqual([200, {}]);
    }
  });
});

describe('commands that the registry does not support', () => {
  test('are refused with what to do instead', async () => {
    for (const [command, method, path, text] of [
      ['access set', 'POST', '/-/package/@acme%2ftool/access', /a package is as visible as its project/],
      ['access list collaborators', 'GET', '/-/package/@acme%2ftool/collaborators', /members of a project/],
      [
        'access list packages of an organization',
        'GET',
        '/-/org/acme/package',
        /does not list packages by user/,
      ],
      ['access list packages of a user', 'GET', '/-/user/root/package', /does not list packages by user/],
      [
        'access list packages of a team',
        'GET',
        '/-/team/acme/devs/package',
        /does not list packages by user/,
      ],
      ['access grant', 'PUT', '/-/team/acme/devs/package', /has no teams/],
      ['access revoke', 'DELETE', '/-/team/acme/devs/package', /has no teams/],
      ['owner add', 'GET', '/-/user/org.couchdb.user:bob', /no owners of packages: the members of a project/],
      ['team create', 'PUT', '/-/org/acme/team', /has no teams/],
      ['team destroy', 'DELETE', '/-/team/acme/devs', /has no teams/],
      ['team ls', 'GET', '/-/team/acme/devs/user?format=cli', /members with roles/],
      ['org ls', 'GET', '/-/org/acme/user', /has no teams and organizations/],
      ['stars', 'GET', '/-/_view/starredByUser?key=%22root%22', /has no stars/],
      ['token create', 'POST', '/-/npm/v1/tokens', /make one with POST/],
      ['token revoke', 'DELETE', '/-/npm/v1/tokens/token/5', /"npm logout" revokes the token in use/],
      ['profile set', 'POST', '/-/npm/v1/user', /does not let npm change a profile/],
      ['hook add', 'POST', '/-/npm/v1/hooks/hook', /has no hooks/],
      ['hook ls', 'GET', '/-/npm/v1/hooks', /has no hooks/],
      ['trust', 'POST', '/-/package/@acme/tool/trust', /no trusted publishers/],
      ['stage publish', 'POST', '/-/stage/package/@acme%2ftool', /does not stage packages/],
      ['stage list', 'GET', '/-/stage', /does not stage packages/],
    ] as const) {
      for (const token of [npm.rootToken, '']) {
        const answer = await npm.send(method, npm.base + path, { token });
        expect([command, answer.status, await errorOf(answer)]).toEqual([
          command,
          400,
          expect.stringMatching(text),
        ]);
      }
    }
  });

  test('are refused when they edit the packument: npm star, npm owner', async () => {
    await npm.publish();
    const { _rev } = await npm.packument();
    const path = `${npm.base}/@acme%2ftool`;
    const starred = await npm.put(path, { _id: '@acme/tool', _rev, users: { root: true } });
    expect([starred.status, await errorOf(starred)]).toEqual([400, expect.stringMatching(/has no stars/)]);
    const maintainers = [{ name: 'bob', email: 'bob@acme.test' }];
    const owned = await npm.put(`${path}/-rev/${_rev}`, { _id: '@acme/tool', _rev, maintainers });
    expect([owned.status, await errorOf(owned)]).toEqual([400, expect.stringMatching(/has no owners/)]);
    expect((await npm.packument())._rev).toBe(_rev);
  });
});
