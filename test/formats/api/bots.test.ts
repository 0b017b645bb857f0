import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Group, Project, User } from '../../../services/domain/accounts.ts';
import { createGroup } from '../../../services/registry/accounts/create-group.ts';
import { findMember, memberOwner } from '../../../services/registry/accounts/find-members.ts';
import { maybeEntity } from '../../../services/registry/records/entities.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { accessToken, addMember } from '../../kit/start-app.ts';
import { type Api, startApi } from './api-client.ts';

let api: Api;
let project: Project;
/** A group of somebody else. */
let other: Group;
beforeEach(async () => {
  api = await startApi();
  project = await api.app.project('tools');
  const owner = await api.app.user('mallory');
  other = await createGroup(api.app.registry, {
    name: 'Other',
    path: 'other',
    visibility: 'public',
    ownerId: owner.user.id,
  });
});

async function botOf(of: Project | Group, level: number = levels.maintainer) {
  const { registry } = api.app;
  const { secret, token } = await accessToken(registry, of, level);
  const user = maybeEntity<User>(await registry.table.get(keys.user(token.userId)));
  if (!user) throw new Error('the token has no bot');
  return { user, caller: { token: secret } };
}

describe('a bot', () => {
  test('cannot be added as a member, by id or by name, to a project or group', async () => {
    const elsewhere = await api.app.project('elsewhere', 'private', other);
    const refusal = {
      message: { user: ['is the bot of an access token, whose membership cannot be changed'] },
    };
    for (const home of [project, api.app.group]) {
      const { user } = await botOf(home);
      for (const path of [`/projects/${elsewhere.id}/members`, '/groups/other/members']) {
        for (const who of [{ user_id: user.id }, { username: user.username }]) {
          const answer = await api.post(path, { ...who, access_level: 30 });
          expect([path, who, answer.status, answer.body]).toEqual([path, who, 400, refusal]);
        }
        expect((await api.get(`${path}/${user.id}`)).status).toBe(404);
      }
    }
  });

  test('is rejected when it is added together with people, who become members', async () => {
    const { user } = await botOf(project);
    const { user: ann } = await api.app.user('ann');
    const answer = await api.post('/groups/other/members', {
      user_id: `${ann.id},${user.id}`,
      access_level: 30,
    });
    expect(answer.body).toMatchObject({ status: 'error', message: { [user.username]: expect.any(String) } });
    expect((await api.get(`/groups/other/members/${ann.id}`)).status).toBe(200);
    expect((await api.get(`/groups/other/members/${user.id}`)).status).toBe(404);
  });

  test('keeps its level: its membership can be removed but not changed', async () => {
    const { user } = await botOf(project, levels.developer);
    const path = `/projects/${project.id}/members/${user.id}`;
    expect((await api.put(path, { access_level: 50 })).status).toBe(400);
    expect((await api.get(path)).body.access_level).toBe(30);
    expect((await api.del(path)).status).toBe(204);
  });

  test('has no rights from stored memberships outside its project or group', async () => {
    const elsewhere = await api.app.project('elsewhere', 'private', other);
    const hidden = await api.app.subgroup('hidden', 'private', other);
    const { registry } = api.app;
    await api.publish(elsewhere.id, 'tool', '1.0.0');
    for (const home of [project, api.app.group]) {
      const { user, caller } = await botOf(home);
      for (const place of [elsewhere, hidden, other])
        await addMember(registry, user, place, levels.maintainer);
      for (const path of [
        `/projects/${elsewhere.id}`,
        `/projects/${elsewhere.id}/packages`,
        `/projects/${elsewhere.id}/packages/generic/tool/1.0.0/file.txt`,
        `/groups/${other.id}/-/packages/generic/tool/1.0.0/file.txt`,
        '/packages/generic/tool/1.0.0/file.txt',
        `/groups/${hidden.id}`,
      ]) {
        expect([path, (await api.get(path, caller)).status]).toEqual([path, 404]);
      }
      expect((await api.post('/projects', { name: 'x', namespace_id: other.id }, caller)).status).toBe(403);
      const inOther = { name: 'x', path: 'x', parent_id: other.id };
      expect((await api.post('/groups', inOther, caller)).status).toBe(403);
      expect((await api.get('/projects?membership=true', caller)).body).toMatchObject([{ id: project.id }]);
      expect((await api.get(`/projects/${project.id}`, caller)).status).toBe(200);
    }
  });

  test('of a group can create projects and subgroups in it, and does not become their member', async () => {
    const { user, caller } = await botOf(api.app.group);
    const made = await api.post('/groups', { name: 'sub', path: 'sub', parent_id: api.app.group.id }, caller);
    expect(made.status).toBe(201);
    const sub = maybeEntity<Group>(await api.app.registry.table.get(keys.group(made.body.id)));
    expect(sub && (await findMember(api.app.registry, memberOwner(sub), user.id))).toBeUndefined();
    const inSub = await api.post('/projects', { name: 'new', namespace_id: made.body.id }, caller);
    expect(inSub.status).toBe(201);
  });

  test('cannot create top-level groups, projects elsewhere, or administrators', async () => {
    for (const home of [project, api.app.group]) {
      const { caller } = await botOf(home, levels.owner);
      expect((await api.post('/groups', { name: 'top', path: 'top' }, caller)).status).toBe(403);
      expect((await api.post('/projects', { name: 'own' }, caller)).status).toBe(404);
      const inOther = { name: 'x', namespace_id: other.id };
      expect((await api.post('/projects', inOther, caller)).status).toBe(403);
      const user = { username: 'eve', name: 'Eve', email: 'eve@example.com', admin: true };
      expect((await api.post('/users', user, caller)).status).toBe(403);
    }
  });

  test('cannot get a personal token, not even from an administrator', async () => {
    const { user, caller } = await botOf(project);
    const token = { name: 'x', scopes: ['api'] };
    expect((await api.post('/user/personal_access_tokens', token, caller)).status).toBe(403);
    expect((await api.post(`/users/${user.id}/personal_access_tokens`, token)).status).toBe(403);
    expect((await api.post(`/user/personal_access_tokens?sudo=${user.id}`, token)).status).toBe(403);
  });
});
