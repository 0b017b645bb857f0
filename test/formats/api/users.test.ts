import { beforeEach, describe, expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { keys } from '../../../services/registry/records/keys.ts';
import { personalToken } from '../../kit/start-app.ts';
import { type Api, startApi } from './api-client.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});

describe('discovery', () => {
  test('version and metadata resemble those of GitLab, and name the version of Packhouse', async () => {
    const versions = {
      version: expect.stringMatching(/^18\.\d+\.0-packhouse$/),
      revision: `packhouse-${manifest.version}`,
      packhouse_version: manifest.version,
    };
    expect((await api.get('/version')).body).toEqual(versions);
    expect((await api.get('/metadata')).body).toMatchObject({
      ...versions,
      enterprise: true,
      kas: { enabled: false },
    });
    expect((await api.get('/version', { token: '' })).status).toBe(401);
  });

  test('the current user has the fields that clients sign in with', async () => {
    const answer = await api.get('/user');
    expect(answer.body).toMatchObject({
      id: api.app.root.id,
      username: 'root',
      state: 'active',
      is_admin: true,
      web_url: 'http://registry.test/root',
    });
  });

  test('HEAD answers like GET, without the body', async () => {
    for (const path of ['/user', '/projects', '/groups', '/version']) {
      const get = await api.get(path);
      const head = await api.ask('HEAD', path);
      expect([path, head.status]).toEqual([path, get.status]);
      expect(head.headers.get('x-total')).toBe(get.headers.get('x-total'));
    }
  });

  test('a route with another method answers 405 and names its methods, and any other path 404', async () => {
    const project = await api.app.project('tools');
    for (const [method, path, allow] of [
      ['POST', `/projects/${project.id}/packages`, 'GET, HEAD'],
      ['DELETE', '/projects/acme%2Ftools/members', 'GET, HEAD, POST'],
      ['PATCH', '/projects/acme/tools', 'GET, HEAD, PUT, DELETE'],
      ['GET', `/projects/${project.id}/archive`, 'POST'],
      ['HEAD', `/projects/${project.id}/archive`, 'POST'],
      ['POST', '/projects/999/packages', 'GET, HEAD'],
    ] as const) {
      for (const token of [undefined, '']) {
        const answer = await api.ask(method, path, { token });
        expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([
          method,
          path,
          405,
          allow,
        ]);
      }
    }
    const unknown = await api.post('/nonsense');
    expect([unknown.status, unknown.headers.get('allow')]).toEqual([404, null]);
  });

  test('a password for a new user is accepted, is not stored, and the answer says so', async () => {
    const ann = { username: 'ann', name: 'Ann', email: 'ann@example.com', password: 'correct horse' };
    const answer = await api.post('/users', { ...ann, skip_confirmation: true, external: false });
    expect([answer.status, answer.body]).toEqual([
      201,
      expect.objectContaining({ username: 'ann', warning: expect.stringContaining('access tokens only') }),
    ]);
    expect(JSON.stringify(await api.app.registry.table.get(keys.user(answer.body.id)))).not.toContain(
      'horse',
    );
    const basic = `Basic ${Buffer.from('ann:correct horse').toString('base64')}`;
    const signIn = await api.get('/user', { token: '', headers: { authorization: basic } });
    expect(signIn.status).toBe(401);
  });

  test('a password by mail is accepted, and the answer says that there is none', async () => {
    const create = async (username: string, options: object) => {
      const user = { username, name: username, email: `${username}@example.com`, ...options };
      return (await api.post('/users', user)).body.warning;
    };
    expect(await create('ann', { reset_password: true })).toContain('nor mailed');
    expect(await create('bob', { force_random_password: true })).toBeUndefined();
    expect(await create('eve', { reset_password: 'false' })).toBeUndefined();
  });

  test('an external user is refused, since it would see internal projects', async () => {
    const ann = { username: 'ann', name: 'Ann', email: 'ann@example.com' };
    const answer = await api.post('/users', { ...ann, external: true });
    expect([answer.status, answer.body]).toEqual([
      400,
      { error: 'external cannot be true: everybody sees internal projects here' },
    ]);
  });

  test('an unknown route and an unknown object have different error bodies', async () => {
    expect([(await api.get('/nonsense')).status, (await api.get('/nonsense')).body]).toEqual([
      404,
      { error: '404 Not Found' },
    ]);
    expect((await api.get('/projects/999')).body).toEqual({ message: '404 Project Not Found' });
    expect((await api.get('/groups/nope')).body).toEqual({ message: '404 Group Not Found' });
  });
});

describe('users', () => {
  test('an administrator may create users, and a taken or invalid name is rejected', async () => {
    const ann = { username: 'ann', name: 'Ann', email: 'ann@example.com' };
    const created = await api.post('/users', ann);
    expect([created.status, created.body.username, created.body.is_admin]).toEqual([201, 'ann', false]);
    const again = await api.post('/users', ann);
    expect([again.status, again.body]).toEqual([409, { message: 'Username has already been taken' }]);
    const bad = await api.post('/users', { ...ann, username: 'a b' });
    expect([bad.status, Object.keys(bad.body.message)]).toEqual([400, ['username']]);
    const nothing = await api.post('/users', {});
    expect(nothing.body).toEqual({ error: 'username is missing, name is missing, email is missing' });
    expect((await api.get(`/users/${created.body.id}`)).body.username).toBe('ann');
  });

  test('users are found by name and by a part of it', async () => {
    for (const name of ['ann', 'anna', 'bob']) await api.app.user(name);
    const exact = await api.get('/users?username=ANN');
    expect(exact.body.map((user: { username: string }) => user.username)).toEqual(['ann']);
    const part = await api.get('/users?search=nn&order_by=username&sort=asc');
    expect(part.body.map((user: { username: string }) => user.username)).toEqual(['ann', 'anna']);
    expect((await api.get('/users?username=nobody')).body).toEqual([]);
    expect((await api.get('/users?username=')).body).toEqual((await api.get('/users')).body);
  });

  test('others see no e-mail address, and may not create or block users', async () => {
    const { token, user } = await api.app.user('ann');
    expect((await api.get(`/users/${api.app.root.id}`, { token })).body.email).toBeUndefined();
    expect((await api.get(`/users/${user.id}`, { token })).body.email).toBe('ann@example.com');
    expect((await api.post('/users', { username: 'x' }, { token })).status).toBe(403);
    expect((await api.post(`/users/${api.app.root.id}/block`, {}, { token })).status).toBe(403);
    expect((await api.get('/users', { token: '' })).status).toBe(401);
    expect((await api.get('/users/999')).body).toEqual({ message: '404 User Not Found' });
    expect((await api.get('/users/abc')).status).toBe(400);
  });

  test('a blocked user loses access immediately, and regains it when unblocked', async () => {
    const { token, user } = await api.app.user('ann');
    expect((await api.post(`/users/${user.id}/block`)).status).toBe(201);
    expect((await api.get('/user', { token })).status).toBe(401);
    expect((await api.post(`/users/${user.id}/unblock`)).status).toBe(201);
    expect((await api.get('/user', { token })).status).toBe(200);
    expect((await api.post(`/users/${api.app.root.id}/block`)).status).toBe(403);
  });

  test('only administrators may use sudo', async () => {
    const { token } = await api.app.user('ann');
    expect((await api.get('/user', { headers: { sudo: 'ann' } })).body.username).toBe('ann');
    expect((await api.get('/user', { token, headers: { sudo: 'root' } })).status).toBe(403);
    expect((await api.get('/user', { headers: { sudo: 'nobody' } })).status).toBe(404);
  });
});

describe('scopes', () => {
  test.each([
    ['read_user', '/user', 200],
    ['read_user', '/projects', 403],
    ['read_user', '/groups', 403],
    ['read_api', '/projects', 200],
    ['read_api', '/user', 200],
    ['read_package_registry', '/groups', 403],
    ['read_package_registry', '/personal_access_tokens/self', 200],
  ] as const)('a token with %s that requests %s gets %i', async (scope, path, status) => {
    const token = await personalToken(api.app.registry, api.app.root, [scope]);
    const answer = await api.get(path, { token });
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect(answer.body).toMatchObject({ error: 'insufficient_scope', scope: 'api read_api' });
    }
  });

  test('a token with read_api may not write', async () => {
    const token = await personalToken(api.app.registry, api.app.root, ['read_api']);
    const answer = await api.post('/groups', { name: 'x', path: 'x' }, { token });
    expect([answer.status, answer.body.error, answer.body.scope]).toEqual([403, 'insufficient_scope', 'api']);
  });
});

describe('namespaces', () => {
  test('can be listed and shown, and checked for a free path', async () => {
    const { token } = await api.app.user('ann', { level: 30, of: api.app.group });
    const list = await api.get('/namespaces', { token });
    expect(list.body.map((each: { full_path: string; kind: string }) => [each.full_path, each.kind])).toEqual(
      [
        ['acme', 'group'],
        ['ann', 'user'],
      ],
    );
    expect((await api.get('/namespaces/acme', { token })).body).toMatchObject({ id: api.app.group.id });
    const deep = await api.app.subgroup('deep');
    for (const id of [deep.id, 'acme%2Fdeep', 'acme/deep']) {
      expect((await api.get(`/namespaces/${id}`, { token })).body.full_path).toBe('acme/deep');
    }
    expect((await api.get('/namespaces/acme/exists', { token })).body).toEqual({
      exists: true,
      suggests: ['acme1'],
    });
    expect((await api.get('/namespaces/free/exists', { token })).body).toEqual({
      exists: false,
      suggests: [],
    });
    expect(
      (await api.get(`/namespaces/deep/exists?parent_id=${api.app.group.id}`, { token })).body.exists,
    ).toBe(true);
  });
});
