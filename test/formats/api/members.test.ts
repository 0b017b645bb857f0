import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Project, User } from '../../../services/domain/accounts.ts';
import { addMember } from '../../kit/start-app.ts';
import { type Answer, type Api, eventsOf, pagesOf, startApi } from './api-client.ts';

let api: Api;
let project: Project;
beforeEach(async () => {
  api = await startApi();
  project = await api.app.project('tools');
});

const listed = (answer: Answer) =>
  answer.body.map((each: { username: string; access_level: number }) => [each.username, each.access_level]);
const newUser = async (name: string): Promise<User> => (await api.app.user(name)).user;

describe('adding members', () => {
  test('works by id or by name, with an expiry', async () => {
    const ann = await newUser('ann');
    const path = `/projects/${project.id}/members`;
    const answer = await api.post(path, { user_id: ann.id, access_level: 30, expires_at: '2026-06-01' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      id: ann.id,
      username: 'ann',
      state: 'active',
      access_level: 30,
      expires_at: '2026-06-01',
      membership_state: 'active',
    });
    await newUser('bob');
    expect((await api.post(path, { username: 'bob', access_level: '20' })).body.access_level).toBe(20);
    expect(listed(await api.get(path))).toEqual([
      ['ann', 30],
      ['bob', 20],
    ]);
    expect((await api.get(`${path}/${ann.id}`)).body.username).toBe('ann');
  });

  test('works for several users in one request, and reports each failure', async () => {
    const [ann, bob] = [await newUser('ann'), await newUser('bob')];
    const path = '/groups/acme/members';
    expect((await api.post(path, { user_id: `${ann.id},${bob.id}`, access_level: 10 })).body).toEqual({
      status: 'success',
    });
    await newUser('cid');
    expect((await api.post(path, { username: 'bob,cid', access_level: 10 })).body).toEqual({
      status: 'error',
      message: { bob: 'Member already exists' },
    });
    expect(listed(await api.get(`${path}?query=CI`))).toEqual([['cid', 10]]);
  });

  test('with invalid parameters is rejected with the reason', async () => {
    const ann = await newUser('ann');
    const path = `/projects/${project.id}/members`;
    const cases = [
      [{}, 400, { error: 'access_level is missing' }],
      [
        { access_level: 30 },
        400,
        { error: 'user_id, username are missing, at least one parameter must be provided' },
      ],
      [{ user_id: ann.id, access_level: 33 }, 400, { error: 'access_level does not have a valid value' }],
      [{ user_id: ann.id, access_level: 5 }, 400, { error: 'access_level does not have a valid value' }],
      [{ user_id: ann.id, access_level: 60 }, 400, { error: 'access_level does not have a valid value' }],
      [{ user_id: 999, access_level: 30 }, 404, { message: '404 User Not Found' }],
      [{ user_id: ann.id, access_level: 30, expires_at: 'soon' }, 400, { error: 'expires_at is invalid' }],
      [
        { user_id: ann.id, access_level: 30, expires_at: '2020-01-01' },
        400,
        { message: { expires_at: ['cannot be a date in the past'] } },
      ],
    ] as const;
    for (const [json, status, body] of cases) {
      const answer = await api.post(path, json);
      expect([json, answer.status, answer.body]).toEqual([json, status, body]);
    }
  });

  test('twice is a conflict, even concurrently', async () => {
    const ann = await newUser('ann');
    const json = { user_id: ann.id, access_level: 30 };
    const answers = await Promise.all([1, 2, 3].map(() => api.post(`/projects/${project.id}/members`, json)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await api.post(`/projects/${project.id}/members`, json)).body).toEqual({
      message: 'Member already exists',
    });
  });

  test('with less than the inherited level is rejected', async () => {
    const ann = await newUser('ann');
    await addMember(api.app.registry, ann, api.app.group, levels.maintainer);
    const add = (level: number) =>
      api.post(`/projects/${project.id}/members`, { user_id: ann.id, access_level: level });
    const refused = await add(30);
    expect([refused.status, Object.keys(refused.body.message)]).toEqual([400, ['access_level']]);
    expect((await add(50)).status).toBe(201);
  });
});

describe('permissions', () => {
  test.each([
    ['guest', levels.guest, levels.guest, 403],
    ['developer', levels.developer, levels.guest, 403],
    ['maintainer', levels.maintainer, levels.maintainer, 201],
    ['maintainer', levels.maintainer, levels.owner, 403],
    ['owner', levels.owner, levels.owner, 201],
  ])('a project %s (%i) who grants level %i gets %i', async (name, own, given, status) => {
    const caller = await api.app.user(name, { level: own, of: project });
    const ann = await newUser('ann');
    const json = { user_id: ann.id, access_level: given };
    expect((await api.post(`/projects/${project.id}/members`, json, caller)).status).toBe(status);
  });

  test.each([
    ['maintainer', levels.maintainer, 403],
    ['owner', levels.owner, 201],
  ])('a group %s (%i) who adds a member gets %i', async (name, own, status) => {
    const caller = await api.app.user(name, { level: own, of: api.app.group });
    const ann = await newUser('ann');
    const json = { user_id: ann.id, access_level: 10 };
    expect((await api.post('/groups/acme/members', json, caller)).status).toBe(status);
  });

  test('strangers see no members of a private project', async () => {
    const stranger = await api.app.user('stranger');
    const path = `/projects/${project.id}/members`;
    expect((await api.get(path, stranger)).status).toBe(404);
    expect((await api.post(path, { user_id: stranger.user.id, access_level: 50 }, stranger)).status).toBe(
      404,
    );
    expect((await api.get(path, { token: '' })).status).toBe(401);
  });

  test('a maintainer may not change or remove an owner', async () => {
    const mia = await api.app.user('mia', { level: levels.maintainer, of: project });
    const boss = await api.app.user('boss', { level: levels.owner, of: project });
    const path = `/projects/${project.id}/members/${boss.user.id}`;
    expect((await api.put(path, { access_level: 10 }, mia)).status).toBe(403);
    expect((await api.del(path, mia)).status).toBe(403);
    expect((await api.del(`/projects/${project.id}/members/${mia.user.id}`, boss)).status).toBe(204);
  });
});

describe('inherited members', () => {
  test('/all lists everyone once, with the highest level', async () => {
    const sub = await api.app.subgroup('sub');
    const inner = await api.app.project('inner', 'private', sub);
    const [ann, bob] = [await newUser('ann'), await newUser('bob')];
    const { registry } = api.app;
    await addMember(registry, ann, api.app.group, levels.developer);
    await addMember(registry, ann, inner, levels.maintainer);
    await addMember(registry, bob, sub, levels.guest);
    const all = await api.get(`/projects/${inner.id}/members/all`);
    expect(listed(all)).toEqual([
      ['root', 50],
      ['ann', 40],
      ['bob', 10],
    ]);
    expect(listed(await api.get(`/projects/${inner.id}/members`))).toEqual([['ann', 40]]);
    expect((await api.get(`/projects/${inner.id}/members/all/${bob.id}`)).body.access_level).toBe(10);
    expect((await api.get(`/projects/${inner.id}/members/${bob.id}`)).body).toEqual({
      message: '404 Not found',
    });
    expect(listed(await api.get(`/groups/${sub.id}/members/all?user_ids[]=${bob.id}`))).toEqual([
      ['bob', 10],
    ]);
    expect(listed(await api.get(`/groups/${sub.id}/members/all?skip_users=${bob.id}`))).not.toContainEqual([
      'bob',
      10,
    ]);
  });

  test('an expired membership gives no access', async () => {
    const { token, user } = await api.app.user('ann');
    await api.post(`/projects/${project.id}/members`, {
      user_id: user.id,
      access_level: 30,
      expires_at: '2026-01-10',
    });
    expect((await api.get(`/projects/${project.id}`, { token })).status).toBe(200);
    expect((await api.get('/projects?membership=true', { token })).body).toHaveLength(1);
    api.app.clock.advance(10 * 24 * 3600 * 1000);
    expect((await api.get(`/projects/${project.id}`, { token })).status).toBe(404);
    expect((await api.get('/projects?membership=true', { token })).body).toEqual([]);
  });
});

describe('changing and removing members', () => {
  test('a new level takes effect immediately', async () => {
    const ann = await api.app.user('ann', { level: levels.reporter, of: project });
    const upload = () =>
      api.app.send('PUT', `/api/v4/projects/${project.id}/packages/generic/a/1/f`, {
        token: ann.token,
        body: 'x',
      });
    expect((await upload()).status).toBe(403);
    const path = `/projects/${project.id}/members/${ann.user.id}`;
    const changed = await api.put(path, { access_level: 30 });
    expect([changed.status, changed.body.access_level, changed.body.expires_at]).toEqual([200, 30, null]);
    expect((await upload()).status).toBe(201);
    expect((await api.put(path, { access_level: 30, expires_at: '2026-02-01' })).body.expires_at).toBe(
      '2026-02-01',
    );
    expect((await api.put(path, { access_level: 30 })).body.expires_at).toBe('2026-02-01');
    expect((await api.put(path, { access_level: 30, expires_at: '' })).body.expires_at).toBe(null);
    expect((await api.del(path)).status).toBe(204);
    expect((await upload()).status).toBe(404);
    expect((await api.del(path)).status).toBe(404);
    expect((await api.put(path, { access_level: 30 })).status).toBe(404);
  });

  test('members may remove themselves', async () => {
    const ann = await api.app.user('ann', { level: levels.guest, of: project });
    expect((await api.del(`/projects/${project.id}/members/${ann.user.id}`, ann)).status).toBe(204);
    expect((await api.get(`/projects/${project.id}`, ann)).status).toBe(404);
  });

  test('a group keeps an owner, even when two leave concurrently', async () => {
    const { root } = api.app;
    const path = (id: number) => `/groups/acme/members/${id}`;
    expect((await api.del(path(root.id))).status).toBe(403);
    expect((await api.put(path(root.id), { access_level: 10 })).status).toBe(403);
    expect((await api.put(path(root.id), { access_level: 50, expires_at: '2026-02-01' })).status).toBe(403);
    const boss = await api.app.user('boss', { level: levels.owner, of: api.app.group });
    const answers = await Promise.all([api.del(path(root.id)), api.del(path(boss.user.id), boss)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 403]);
    expect((await api.get('/groups/acme/members')).body).toHaveLength(1);
  });

  test('a blocked user does not count as another owner', async () => {
    const boss = await api.app.user('boss', { level: levels.owner, of: api.app.group });
    const path = `/groups/acme/members/${api.app.root.id}`;
    await api.post(`/users/${boss.user.id}/block`);
    expect((await api.del(path)).status).toBe(403);
    expect((await api.put(path, { access_level: 10 })).status).toBe(403);
    await api.post(`/users/${boss.user.id}/unblock`);
    expect((await api.del(path)).status).toBe(204);
  });

  test('changes are recorded in events', async () => {
    const ann = await newUser('ann');
    const path = `/projects/${project.id}/members`;
    await api.post(path, { user_id: ann.id, access_level: 30 });
    api.app.clock.advance(1);
    await api.put(`${path}/${ann.id}`, { access_level: 40 });
    api.app.clock.advance(1);
    await api.del(`${path}/${ann.id}`);
    const events = await eventsOf(api.app);
    const at = (level: number) => ({ level, expiresOn: null });
    expect(events.map(({ type, name, projectId, details }) => [type, name, projectId, details])).toEqual([
      ['member_added', 'ann', project.id, { user: ann.id, after: at(30) }],
      ['member_changed', 'ann', project.id, { user: ann.id, before: at(30), after: at(40) }],
      ['member_removed', 'ann', project.id, { user: ann.id, before: at(40) }],
    ]);
  });
});

test.each(['', '&pagination=keyset'])('members are listed in pages%s', async (mode) => {
  for (let n = 0; n < 5; n++)
    await addMember(api.app.registry, await newUser(`user${n}`), project, levels.guest);
  for (const path of ['members', 'members/all']) {
    const pages = await pagesOf(api, `/projects/${project.id}/${path}?per_page=2${mode}`);
    expect(pages.map((page) => page.body.length)).toEqual(path === 'members' ? [2, 2, 1] : [2, 2, 2]);
  }
});
