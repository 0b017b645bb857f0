import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import { sweep } from '../../../services/jobs/sweep.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { named } from '../../kit/names.ts';
import { addMember, URL_BASE } from '../../kit/start-app.ts';
import { type Api, startApi } from './api-client.ts';

const DAY = 24 * 3600 * 1000;

let api: Api;
let project: Project;
beforeEach(async () => {
  api = await startApi();
  project = await api.app.project('old');
  await api.publish(project.id, 'tool', '1.0.0');
  expect((await api.put(`/projects/${project.id}`, { path: 'new' })).status).toBe(200);
});

const old = '/projects/acme%2Fold';

describe('a read of the former path', () => {
  test('is redirected to the address by id, with the rest of the path and the query', async () => {
    const moved: readonly (readonly [string, string])[] = [
      [old, `/projects/${project.id}`],
      [`${old}/packages?page=2&order_by=name`, `/projects/${project.id}/packages?page=2&order_by=name`],
      ['/projects/acme/old/packages', `/projects/${project.id}/packages`],
      ['/projects/ACME%2fOld/members/all', `/projects/${project.id}/members/all`],
    ];
    for (const [from, to] of moved) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await api.ask(method, from);
        const location = `${URL_BASE}/api/v4${to}`;
        expect([from, answer.status, answer.headers.get('location')]).toEqual([from, 301, location]);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect((await api.get(to)).status).toBe(200);
      }
    }
  });

  test('goes to the present path after several changes, also from a path between', async () => {
    await api.put(`/projects/${project.id}`, { path: 'newest' });
    for (const path of [old, '/projects/acme%2Fnew']) expect((await api.get(path)).status).toBe(301);
    await api.put(`/projects/${project.id}`, { path: 'old' });
    expect((await api.get(old)).status).toBe(200);
    expect((await api.get('/projects/acme%2Fnewest')).status).toBe(301);
  });

  test('succeeds while the path changes', async () => {
    const { table } = api.app.registry;
    const get = table.get.bind(table);
    let renamed = false;
    table.get = async (key) => {
      if (key.pk === keys.project(project.id).pk && !renamed) {
        renamed = true;
        await api.put(`/projects/${project.id}`, { path: 'newest' });
      }
      return get(key);
    };
    expect((await api.get('/projects/acme%2Fnew')).status).toBe(301);
  });

  test('of a group leads to the group', async () => {
    const group = await api.post('/groups', { name: 'g', path: 'g-old', visibility: 'private' });
    await api.put(`/groups/${group.body.id}`, { path: 'g-new' });
    for (const part of ['', '/projects', '/packages']) {
      const answer = await api.get(`/groups/g-old${part}`);
      const location = `${URL_BASE}/api/v4/groups/${group.body.id}${part}`;
      expect([answer.status, answer.headers.get('location')]).toEqual([301, location]);
    }
    const namespace = await api.get('/namespaces/g-old');
    expect(namespace.headers.get('location')).toBe(`${URL_BASE}/api/v4/namespaces/${group.body.id}`);
  });

  test('shows nothing of a hidden project or group', async () => {
    const group = await api.post('/groups', { name: 'g', path: 'g-old', visibility: 'private' });
    await api.put(`/groups/${group.body.id}`, { path: 'g-new' });
    const { token } = await api.app.user('stranger');
    for (const as of [{ token }, { token: '' }]) {
      for (const [moved, absent] of [
        [old, '/projects/acme%2Fnothing'],
        [`${old}/packages`, '/projects/acme%2Fnothing/packages'],
        ['/groups/g-old', '/groups/nothing'],
        ['/namespaces/g-old', '/namespaces/nothing'],
      ] as const) {
        for (const method of ['GET', 'PUT', 'DELETE']) {
          const [one, other] = [await api.ask(method, moved, as), await api.ask(method, absent, as)];
          expect([moved, one.status, one.body]).toEqual([moved, other.status, other.body]);
        }
      }
    }
  });

  test('is refused as at the present path to those who may see the project only', async () => {
    const guest = await api.app.user('guest', { level: levels.guest, of: project });
    const packages = (path: string) => api.get(`${path}/packages`, guest);
    expect((await packages(old)).status).toBe((await packages(`/projects/${project.id}`)).status);
    const rename = (path: string) => api.put(path, { name: 'x' }, guest);
    expect([(await rename(old)).status, (await rename(`/projects/${project.id}`)).status]).toEqual([
      403, 403,
    ]);
  });
});

describe('a group with groups and projects', () => {
  const group = (path: string, parent?: number) =>
    api.post('/groups', { name: path, path, ...(parent !== undefined && { parent_id: parent }) });
  const inGroup = (path: string, namespace: number) =>
    api.post('/projects', { name: path, path, namespace_id: namespace });

  test('takes them along to its new path, and the former paths lead there', async () => {
    const sub = await group('sub', api.app.group.id);
    const deep = await inGroup('deep', sub.body.id);
    await api.publish(deep.body.id, 'tool', '1.0.0');
    expect((await api.put('/groups/acme', { path: 'ajax' })).body.full_path).toBe('ajax');
    for (const [from, id, to] of [
      ['acme/new', project.id, 'ajax/new'],
      ['acme/sub/deep', deep.body.id, 'ajax/sub/deep'],
    ] as const) {
      const answer = await api.get(`/projects/${encodeURIComponent(from)}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([
        301,
        `${URL_BASE}/api/v4/projects/${id}`,
      ]);
      expect((await api.get(`/projects/${encodeURIComponent(to)}`)).body.path_with_namespace).toBe(to);
    }
    expect((await api.get('/groups/acme%2Fsub')).status).toBe(301);
    expect((await api.get('/groups/ajax%2Fsub')).body.full_path).toBe('ajax/sub');
    const { table } = api.app.registry;
    expect(await table.get(keys.route(named.path('acme/sub/deep')))).toMatchObject({ state: 'moved' });
    const eve = await api.app.user('eve');
    expect((await api.post('/groups', { name: 'acme', path: 'acme' }, eve)).status).toBe(400);
    await api.put('/groups/ajax', { path: 'acme' });
    expect((await api.get('/projects/acme%2Fsub%2Fdeep')).status).toBe(200);
  });

  test('changes the case of its path', async () => {
    expect((await api.put('/groups/acme', { path: 'Acme' })).status).toBe(200);
    expect((await api.get('/projects/acme%2Fnew')).body.path_with_namespace).toBe('Acme/new');
  });

  test('takes paths below the path of a deleted group only with the right to them', async () => {
    const ghost = await group('ghost');
    const lib = await inGroup('new', ghost.body.id);
    await api.publish(lib.body.id, 'tool', '1.0.0');
    await api.del('/groups/ghost?permanently_remove=true&full_path=ghost');
    expect((await api.put('/groups/acme', { path: 'ghost' })).status).toBe(200);
    expect((await api.get('/projects/ghost%2Fnew')).body.id).toBe(project.id);
  });
});

test('a change under the former path is refused, with the new path', async () => {
  const answer = await api.put(old, { description: 'x' });
  expect([answer.status, answer.body]).toEqual([
    404,
    { message: '404 Not Found - moved to acme/new; changes need the new path' },
  ]);
  expect((await api.del(old)).status).toBe(404);
  expect((await api.post(`${old}/members`, { user_id: 1, access_level: 30 })).status).toBe(404);
  const upload = await api.app.send('PUT', `/api/v4${old}/packages/generic/tool/2.0.0/a`, {
    token: api.app.rootToken,
    body: 'x',
  });
  expect([upload.status, await upload.text()]).toEqual([404, expect.stringContaining('acme/new')]);
  const { body } = await api.get(`/projects/${project.id}`);
  expect([body.path, body.description]).toEqual(['new', '']);
});

describe('the former path', () => {
  const make = (token: string, path = 'old') =>
    api.post('/projects', { name: path, path, namespace_id: api.app.group.id }, { token });

  test('of a project goes to whoever may create in its group, and leads nowhere then', async () => {
    const { user, token } = await api.app.user('maintainer');
    await addMember(api.app.registry, user, api.app.group, levels.maintainer);
    const made = await make(token);
    expect(made.status).toBe(201);
    expect((await api.get(old)).body.id).toBe(made.body.id);
    await api.del(`/projects/${made.body.id}`);
    expect((await api.get(old)).status).toBe(404);
  });

  test('of a group goes to its owners, and to others when its reservation is over', async () => {
    const ann = await api.app.user('ann');
    const eve = await api.app.user('eve');
    const group = await api.post('/groups', { name: 'g', path: 'g-old' }, ann);
    const inGroup = { name: 'p', namespace_id: group.body.id };
    const published = await api.post('/projects', inGroup, ann);
    await api.publish(published.body.id, 'tool', '1.0.0', ann.token);
    await api.del(`/projects/${published.body.id}`, ann);
    expect((await api.put('/groups/g-old', { path: 'g-new' }, ann)).status).toBe(200);
    const again = { name: 'g', path: 'g-old' };
    expect((await api.post('/groups', again, eve)).status).toBe(400);
    api.app.clock.advance(90 * DAY);
    await sweep(api.app.registry);
    expect((await api.get('/groups/g-old', ann)).status).toBe(301);
    expect((await api.post('/groups', again, eve)).status).toBe(201);
    expect((await api.get('/groups/g-old', ann)).status).toBe(404);
  });

  test('of a group is for its owners of today', async () => {
    const ann = await api.app.user('ann');
    const bob = await api.app.user('bob');
    const group = await api.post('/groups', { name: 'g', path: 'g-old' }, ann);
    const { table } = api.app.registry;
    await table.update(keys.group(group.body.id), { set: { published: true } });
    await api.put('/groups/g-old', { path: 'g-new' }, ann);
    await api.post('/groups/g-new/members', { user_id: bob.user.id, access_level: 50 }, ann);
    await api.del(`/groups/g-new/members/${ann.user.id}`, bob);
    const again = { name: 'g', path: 'g-old' };
    expect((await api.post('/groups', again, ann)).status).toBe(400);
    expect((await api.post('/groups', again, bob)).status).toBe(201);
  });

  test('of a group is for those who owned it when it was deleted, until its reservation is over', async () => {
    const ann = await api.app.user('ann');
    const bob = await api.app.user('bob');
    const group = await api.post('/groups', { name: 'g', path: 'g-old' }, ann);
    const { body } = await api.post('/projects', { name: 'p', namespace_id: group.body.id }, ann);
    await api.publish(body.id, 'tool', '1.0.0', ann.token);
    for (const path of ['g-mid', 'g-new']) await api.put(`/groups/${group.body.id}`, { path }, ann);
    await api.post('/groups/g-new/members', { user_id: bob.user.id, access_level: 50 }, ann);
    await api.del(`/groups/g-new/members/${ann.user.id}`, bob);
    await api.del('/groups/g-new?permanently_remove=true&full_path=g-new', bob);
    const make = (path: string, as: { token: string }) => api.post('/groups', { name: path, path }, as);
    for (const path of ['g-old', 'g-mid', 'g-new']) {
      expect([path, (await make(path, ann)).status]).toEqual([path, 400]);
    }
    for (const path of ['g-old', 'g-new'])
      expect([path, (await make(path, bob)).status]).toEqual([path, 201]);
    // Who takes the path may also take the paths that were below it.
    const again = await api.get('/groups/g-old', bob);
    expect((await api.post('/projects', { name: 'p', namespace_id: again.body.id }, bob)).status).toBe(201);
    const { table } = api.app.registry;
    await sweep(api.app.registry);
    expect(await table.get(keys.lastOwners(group.body.id))).toMatchObject({ owners: [bob.user.id] });
    api.app.clock.advance(90 * DAY);
    await sweep(api.app.registry);
    expect(await table.get(keys.lastOwners(group.body.id))).toBeUndefined();
    expect((await make('g-mid', ann)).status).toBe(201);
  });

  test('without packages goes to anybody at once', async () => {
    const ann = await api.app.user('ann');
    const eve = await api.app.user('eve');
    await api.post('/groups', { name: 'g', path: 'g-old' }, ann);
    await api.put('/groups/g-old', { path: 'g-new' }, ann);
    expect((await api.get('/groups/g-old', ann)).status).toBe(301);
    expect((await api.post('/groups', { name: 'g', path: 'g-old' }, eve)).status).toBe(201);
  });

  test('is deleted by the sweep once its project is gone and its reservation is over', async () => {
    await api.del(`/projects/${project.id}`);
    expect((await api.get(old)).status).toBe(404);
    await sweep(api.app.registry);
    expect(await api.app.registry.table.get(keys.route(named.path('acme/old')))).toBeDefined();
    api.app.clock.advance(90 * DAY);
    await sweep(api.app.registry);
    expect(await api.app.registry.table.get(keys.route(named.path('acme/old')))).toBeUndefined();
  });
});
