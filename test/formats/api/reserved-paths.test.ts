import { beforeEach, describe, expect, test } from 'vitest';
import { sweep } from '../../../services/jobs/sweep.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { named } from '../../kit/names.ts';
import { type Answer, type Api, type Ask, eventsOf, startApi } from './api-client.ts';

const DAY = 24 * 3600 * 1000;
const taken = { message: { path: ['has already been taken'] } };

let api: Api;
/** The owner of the group `ghost`, and a stranger. */
let ann: { readonly token: string };
let eve: { readonly token: string };

async function begin(options: Parameters<typeof startApi>[0] = {}): Promise<void> {
  api = await startApi(options);
  ann = { token: (await api.app.user('ann')).token };
  eve = { token: (await api.app.user('eve')).token };
}
beforeEach(() => begin());

const makeGroup = (as: Ask, path = 'ghost', parent?: number) =>
  api.post('/groups', { name: path, path, ...(parent !== undefined && { parent_id: parent }) }, as);
const makeProject = (as: Ask, group: Answer, path = 'lib') =>
  api.post('/projects', { name: path, path, namespace_id: group.body.id }, as);
const deleteTree = (as: Ask, path: string) =>
  api.del(`/groups/${encodeURIComponent(path)}?permanently_remove=true&full_path=${path}`, as);
const route = (path: string) => api.app.registry.table.get(keys.route(named.path(path)));

/** A group of ann's with a project to which a package was published. */
async function publishedGroup(): Promise<{ readonly group: Answer; readonly project: Answer }> {
  const group = await makeGroup(ann);
  const project = await makeProject(ann, group);
  await api.publish(project.body.id, 'lib', '1.0.0', ann.token);
  return { group, project };
}

describe('the path of a deleted group in which packages were published', () => {
  test('is taken for strangers, and free for its owners', async () => {
    const { group } = await publishedGroup();
    expect((await deleteTree(ann, 'ghost')).status).toBe(202);
    const refused = await makeGroup(eve);
    expect([refused.status, refused.body]).toEqual([400, taken]);
    // Only what the caller can see exists, and what was hidden must not be found out.
    expect((await api.get('/namespaces/ghost/exists', eve)).body.exists).toBe(false);
    const again = await makeGroup(ann);
    expect([again.status, again.body.id > group.body.id]).toEqual([201, true]);
  });

  test('is free for administrators', async () => {
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    expect((await makeGroup({})).status).toBe(201);
  });

  test('is reserved for those who owned it when it was deleted, and for nobody else', async () => {
    const { group } = await publishedGroup();
    const former = await api.app.user('former');
    const maintainer = await api.app.user('maintainer');
    const members = `/groups/${group.body.id}/members`;
    await api.post(members, { user_id: former.user.id, access_level: 50 }, ann);
    await api.post(members, { user_id: maintainer.user.id, access_level: 40 }, ann);
    await api.del(`${members}/${former.user.id}`, ann);
    await deleteTree(ann, 'ghost');
    for (const { token } of [former, maintainer]) expect((await makeGroup({ token })).status).toBe(400);
  });

  test('is taken for the name of a new user, and as the new path of another group', async () => {
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    const user = { username: 'ghost', name: 'Ghost', email: 'ghost@example.com' };
    const named = await api.post('/users', user);
    expect([named.status, named.body.message]).toEqual([409, 'Username has already been taken']);
    await makeGroup(eve, 'eves');
    expect((await api.put('/groups/eves', { path: 'ghost' }, eve)).body).toEqual(taken);
    await makeGroup(ann, 'anns');
    expect((await api.put('/groups/anns', { path: 'ghost' }, ann)).status).toBe(200);
  });

  test('is free for everybody once the reservation is over', async () => {
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    api.app.clock.advance(90 * DAY - 1);
    expect((await makeGroup(eve)).status).toBe(400);
    api.app.clock.advance(1);
    expect((await api.get('/namespaces/ghost/exists', eve)).body.exists).toBe(false);
    const group = await makeGroup(eve);
    expect([group.status, (await makeProject(eve, group)).status]).toEqual([201, 201]);
  });

  test('is free at once where paths are not reserved', async () => {
    await begin({ settings: { pathReservation: 0 } });
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    expect(await route('ghost')).toBeUndefined();
    expect((await makeGroup(eve)).status).toBe(201);
  });

  test('keeps the paths below it for the owners who take it again', async () => {
    const group = await makeGroup(ann);
    const sub = await makeGroup(ann, 'sub', group.body.id);
    const project = await makeProject(ann, sub);
    await api.publish(project.body.id, 'lib', '1.0.0', ann.token);
    for (let round = 0; round < 3; round++) {
      await deleteTree(ann, 'ghost');
      const again = await makeGroup(ann);
      const subAgain = await makeGroup(ann, 'sub', again.body.id);
      expect([subAgain.status, (await makeProject(ann, subAgain)).status]).toEqual([201, 201]);
    }
  });
});

describe('the path of a deleted project in which packages were published', () => {
  test('is free for whoever may create in its group, and taken for others', async () => {
    const { group, project } = await publishedGroup();
    await api.del(`/projects/${project.body.id}`, ann);
    const maintainer = await api.app.user('maintainer');
    await api.post('/groups/ghost/members', { user_id: maintainer.user.id, access_level: 40 }, ann);
    expect((await makeProject(maintainer, group)).status).toBe(201);
  });

  test('stays reserved when the group above is released and taken by others', async () => {
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    expect((await api.del('/admin/reserved_paths/ghost')).status).toBe(204);
    const group = await makeGroup(eve);
    const refused = await makeProject(eve, group);
    expect([group.status, refused.status, refused.body]).toEqual([201, 400, taken]);
    expect((await makeGroup(eve, 'lib', group.body.id)).body).toEqual(taken);
    expect((await api.del('/admin/reserved_paths/ghost%2Flib')).status).toBe(204);
    expect((await makeProject(eve, group)).status).toBe(201);
  });

  test('is reserved also after all of its packages were deleted and purged', async () => {
    const { project } = await publishedGroup();
    const packages = await api.get(`/projects/${project.body.id}/packages`, ann);
    await api.del(`/projects/${project.body.id}/packages/${packages.body[0].id}`, ann);
    await api.app.runJobs();
    await deleteTree(ann, 'ghost');
    expect((await makeGroup(eve)).status).toBe(400);
  });

  test('is reserved also if the packages were published before that was recorded', async () => {
    const { project } = await publishedGroup();
    const { table } = api.app.registry;
    await table.update(keys.project(project.body.id), { set: { published: undefined } });
    await api.del(`/projects/${project.body.id}`, ann);
    expect(await route('ghost/lib')).toMatchObject({ state: 'deleted' });
  });
});

test('paths in which nothing was published are free at once', async () => {
  const group = await makeGroup(ann);
  const project = await makeProject(ann, group);
  const refused = await api.app.send(
    'PUT',
    `/api/v4/projects/${project.body.id}/packages/generic/lib/1.0.0/a`,
    { token: eve.token, body: 'x' },
  );
  expect(refused.status).toBe(404);
  await deleteTree(ann, 'ghost');
  expect([await route('ghost'), await route('ghost/lib')]).toEqual([undefined, undefined]);
  expect((await makeGroup(eve)).status).toBe(201);
});

describe('administrators', () => {
  test('list the reserved paths, soonest to be free first, page by page', async () => {
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    const all = await api.get('/admin/reserved_paths');
    expect(all.body).toHaveLength(2);
    expect(all.body).toContainEqual({
      path: 'ghost',
      kind: 'group',
      id: expect.any(Number),
      state: 'deleted',
      since: '2026-01-02T03:04:05.000Z',
      reserved_until: '2026-04-02T03:04:05.000Z',
    });
    const first = await api.get('/admin/reserved_paths?per_page=1');
    const next = /<http:\/\/registry\.test\/api\/v4([^>]*)>; rel="next"/.exec(
      first.headers.get('link') ?? '',
    );
    const second = await api.get(next?.[1] ?? '');
    expect([...first.body, ...second.body]).toEqual(all.body);
    expect(second.headers.get('link')).toBeNull();
    api.app.clock.advance(90 * DAY);
    expect((await api.get('/admin/reserved_paths')).body).toEqual([]);
  });

  test('release a reserved path, which is recorded', async () => {
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    expect((await api.del('/admin/reserved_paths/ghost')).status).toBe(204);
    expect((await api.del('/admin/reserved_paths/ghost')).status).toBe(404);
    expect(await eventsOf(api.app)).toContainEqual(
      expect.objectContaining({ type: 'path_released', name: 'ghost' }),
    );
    expect((await makeGroup(eve)).status).toBe(201);
    expect((await api.del('/admin/reserved_paths/ghost')).status).toBe(404);
  });

  test('alone do so', async () => {
    await publishedGroup();
    await deleteTree(ann, 'ghost');
    for (const as of [ann, eve]) {
      expect((await api.get('/admin/reserved_paths', as)).status).toBe(403);
      expect((await api.del('/admin/reserved_paths/ghost', as)).status).toBe(403);
    }
    expect((await api.get('/admin/reserved_paths', { token: '' })).status).toBe(401);
  });
});

test('the sweep deletes the reservations that are over, and no others', async () => {
  await publishedGroup();
  await deleteTree(ann, 'ghost');
  api.app.clock.advance(DAY);
  const late = await makeGroup(ann, 'late');
  const project = await makeProject(ann, late);
  await api.publish(project.body.id, 'lib', '1.0.0', ann.token);
  await deleteTree(ann, 'late');
  api.app.clock.advance(89 * DAY);
  await sweep(api.app.registry);
  expect([await route('ghost'), await route('ghost/lib')]).toEqual([undefined, undefined]);
  expect([await route('late'), await route('late/lib')]).toEqual([expect.anything(), expect.anything()]);
});
