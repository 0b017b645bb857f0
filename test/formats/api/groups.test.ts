import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { addMember } from '../../kit/start-app.ts';
import { type Answer, type Api, eventsOf, pagesOf, startApi } from './api-client.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});

const paths = (answer: Answer) => answer.body.map((each: { full_path: string }) => each.full_path);

describe('creating groups', () => {
  test('makes the user its owner, and puts a subgroup below its parent', async () => {
    const { token, user } = await api.app.user('ann');
    const group = await api.post('/groups', { name: 'New', path: 'new', visibility: 'public' }, { token });
    expect(group.status).toBe(201);
    expect(group.body).toMatchObject({
      name: 'New',
      full_path: 'new',
      visibility: 'public',
      parent_id: null,
      web_url: 'http://registry.test/groups/new',
      project_creation_level: 'developer',
      subgroup_creation_level: 'maintainer',
    });
    const members = await api.get('/groups/new/members', { token });
    expect(members.body).toMatchObject([{ id: user.id, access_level: 50 }]);
    const json = { name: 'Sub', path: 'sub', parent_id: group.body.id };
    const sub = await api.post('/groups', json, { token });
    expect(sub.body).toMatchObject({ full_path: 'new/sub', full_name: 'New / Sub', visibility: 'private' });
  });

  test("with invalid parameters is rejected in GitLab's words", async () => {
    const cases = [
      [{}, { error: 'name is missing, path is missing (the last part of its address, such as acme)' }],
      [{ name: 'x' }, { error: 'path is missing (the last part of its address, such as acme)' }],
      [{ name: 'x', path: 'acme' }, { message: { path: ['has already been taken'] } }],
      [{ name: 'x', path: 'ACME' }, { message: { path: ['has already been taken'] } }],
      [{ name: 'x', path: 'root' }, { message: { path: ['has already been taken'] } }],
      [{ name: 'x', path: 'members' }, { message: { path: ['is a reserved name'] } }],
      [{ name: 'x', path: 'y', visibility: 'secret' }, { error: 'visibility does not have a valid value' }],
    ] as const;
    for (const [json, body] of cases) {
      const answer = await api.post('/groups', json);
      expect([json, answer.status, answer.body]).toEqual([json, 400, body]);
    }
    const parent = await api.post('/groups', { name: 'p', path: 'p', visibility: 'private' });
    const child = { name: 'c', path: 'c', parent_id: parent.body.id, visibility: 'public' };
    const refused = await api.post('/groups', child);
    expect([refused.status, Object.keys(refused.body.message)]).toEqual([400, ['visibility_level']]);
  });

  test('accepts parameters as JSON, as a form or in the query', async () => {
    const form = new URLSearchParams({ name: 'Form', path: 'form' });
    const headers = { authorization: `Bearer ${api.app.rootToken}` };
    expect((await api.app.send('POST', '/api/v4/groups', { headers, body: form })).status).toBe(201);
    expect((await api.app.send('POST', '/api/v4/groups?name=Q&path=query', { headers })).status).toBe(201);
    const data = new FormData();
    data.set('name', 'Multi');
    data.set('path', 'multi');
    expect((await api.app.send('POST', '/api/v4/groups', { headers, body: data })).status).toBe(201);
    const bad = await api.app.send('POST', '/api/v4/groups', {
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"name":',
    });
    expect(bad.status).toBe(400);
  });

  test('with the same path succeeds once among concurrent requests', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map((n) => api.post('/groups', { name: `${n}`, path: 'one' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
  });

  test('below a group, or projects in it, requires the level that the group sets', async () => {
    const { group } = api.app;
    const { token } = await api.app.user('dev', { level: levels.developer, of: group });
    const sub = (path: string) => api.post('/groups', { name: path, path, parent_id: group.id }, { token });
    const project = (path: string) => api.post('/projects', { path, namespace_id: group.id }, { token });
    expect([(await sub('a')).status, (await project('a1')).status]).toEqual([403, 201]);
    await api.put(`/groups/${group.id}`, { project_creation_level: 'maintainer' });
    expect((await project('a2')).status).toBe(403);
    const maintainer = await api.app.user('mia', { level: levels.maintainer, of: group });
    const asMia = { token: maintainer.token };
    expect((await api.post('/groups', { name: 'b', path: 'b', parent_id: group.id }, asMia)).status).toBe(
      201,
    );
    await api.put(`/groups/${group.id}`, { subgroup_creation_level: 'owner' });
    expect((await api.post('/groups', { name: 'c', path: 'c', parent_id: group.id }, asMia)).status).toBe(
      403,
    );
  });
});

describe('showing and listing groups', () => {
  test('a group is found by id, by encoded path and by a path with plain slashes', async () => {
    const sub = await api.app.subgroup('deep');
    const deeper = await api.app.subgroup('er', 'public', sub);
    for (const id of [
      deeper.id,
      'acme%2Fdeep%2Fer',
      'acme%2fdeep%2fer',
      'acme/deep/er',
      'Acme%2FDeep%2FEr',
    ]) {
      expect([id, (await api.get(`/groups/${id}`)).body.id]).toEqual([id, deeper.id]);
      expect((await api.get(`/groups/${id}/subgroups`)).body).toEqual([]);
    }
    expect(paths(await api.get('/groups/acme/subgroups'))).toEqual(['acme/deep']);
    expect(paths(await api.get('/groups/acme/descendant_groups'))).toEqual(['acme/deep', 'acme/deep/er']);
    expect((await api.get('/groups/root')).status).toBe(404);
  });

  test('anyone sees public groups, and members also private ones', async () => {
    const secret = await api.app.subgroup('secret', 'private');
    const stranger = await api.app.user('stranger');
    const member = await api.app.user('member', { level: levels.guest, of: secret });
    expect((await api.get(`/groups/${secret.id}`, { token: '' })).status).toBe(401);
    expect((await api.get(`/groups/${secret.id}`, stranger)).status).toBe(404);
    expect((await api.get(`/groups/${secret.id}`, member)).status).toBe(200);
    expect(paths(await api.get('/groups', { token: '' }))).toEqual(['acme']);
    expect(paths(await api.get('/groups', stranger))).toEqual([]);
    expect(paths(await api.get('/groups?all_available=true', stranger))).toEqual(['acme']);
    expect(paths(await api.get('/groups', member))).toEqual(['acme/secret']);
    expect(paths(await api.get('/groups?all_available=true', member))).toEqual(['acme', 'acme/secret']);
    expect(paths(await api.get('/groups'))).toEqual(['acme', 'acme/secret']);
    expect(paths(await api.get('/groups/acme/subgroups', stranger))).toEqual([]);
  });

  test('lists can be filtered and ordered', async () => {
    for (const name of ['zoo', 'bar', 'foo']) {
      await api.post('/groups', { name, path: name, visibility: name === 'foo' ? 'internal' : 'public' });
    }
    const sub = await api.app.subgroup('foo');
    const { token, user } = await api.app.user('ann', { level: levels.owner, of: sub });
    await addMember(api.app.registry, user, api.app.group, levels.guest);
    const list = async (query: string, options = {}) => paths(await api.get(`/groups?${query}`, options));
    expect(await list('search=OO')).toEqual(['foo', 'acme/foo', 'zoo']);
    expect(await list('search=acme')).toEqual(['acme']);
    expect(await list('search=acme/f')).toEqual(['acme/foo']);
    expect(await list('top_level_only=true&sort=desc')).toEqual(['zoo', 'foo', 'bar', 'acme']);
    expect(await list('order_by=id')).toEqual(['acme', 'zoo', 'bar', 'foo', 'acme/foo']);
    expect(await list('visibility=internal')).toEqual(['foo']);
    expect(await list(`skip_groups[]=${sub.id}&skip_groups[]=${api.app.group.id}`)).toEqual([
      'bar',
      'foo',
      'zoo',
    ]);
    expect(await list('owned=true', { token })).toEqual(['acme/foo']);
    expect(await list('min_access_level=10', { token })).toEqual(['acme', 'acme/foo']);
    expect((await api.get('/groups?order_by=nonsense')).status).toBe(400);
  });

  test.each(['page', 'keyset'])('pages have every group once (%s)', async (mode) => {
    for (let n = 0; n < 7; n++) await api.post('/groups', { name: n % 2 ? 'same' : `g${n}`, path: `g${n}` });
    const query = mode === 'keyset' ? 'per_page=3&pagination=keyset' : 'per_page=3';
    const pages = await pagesOf(api, `/groups?${query}&private_token=x`);
    expect(pages.map((page) => page.body.length)).toEqual([3, 3, 2]);
    const seen = pages.flatMap(paths);
    expect(new Set(seen).size).toBe(8);
    expect(pages[0]?.headers.get('link')).not.toContain('private_token');
    expect(pages[0]?.headers.get('x-total')).toBe(mode === 'keyset' ? null : '8');
  });
});

describe('changing and deleting groups', () => {
  test('an owner may rename a group, and its subgroups and projects show the new name', async () => {
    const sub = await api.app.subgroup('sub');
    const project = await api.app.project('tools', 'private', sub);
    const changed = await api.put('/groups/acme', { name: 'Ajax', description: 'd' });
    expect(changed.body).toMatchObject({
      name: 'Ajax',
      description: 'd',
      path: 'acme',
      visibility: 'public',
    });
    expect((await api.get(`/groups/${sub.id}`)).body.full_name).toBe('Ajax / sub');
    expect((await api.get(`/projects/${project.id}`)).body.name_with_namespace).toBe('Ajax / sub / tools');
  });

  test('the path can change to a free path, and reads of the old path are redirected', async () => {
    const { body } = await api.post('/groups', { name: 'a', path: 'a' });
    expect((await api.put(`/groups/${body.id}`, { path: 'acme' })).body.message.path).toEqual([
      'has already been taken',
    ]);
    expect((await api.put(`/groups/${body.id}`, { path: 'b' })).body.full_path).toBe('b');
    expect([(await api.get('/groups/a')).status, (await api.get('/groups/b')).status]).toEqual([301, 200]);
    expect((await api.post('/groups', { name: 'a', path: 'a' })).status).toBe(201);
  });

  test('a group cannot be less visible than its subgroups', async () => {
    await api.app.subgroup('open', 'public');
    const refused = await api.put('/groups/acme', { visibility: 'private' });
    expect([refused.status, refused.body.message.visibility_level[0]]).toEqual([
      400,
      expect.stringContaining('acme/open'),
    ]);
  });

  test('concurrent changes of different fields are all kept', async () => {
    const json = [{ name: 'N' }, { description: 'D' }, { project_creation_level: 'owner' }];
    await Promise.all(json.map((each) => api.put('/groups/acme', each)));
    expect((await api.get('/groups/acme')).body).toMatchObject({
      name: 'N',
      description: 'D',
      project_creation_level: 'owner',
    });
  });

  test('only owners may change and delete a group', async () => {
    const maintainer = await api.app.user('mia', { level: levels.maintainer, of: api.app.group });
    const stranger = await api.app.user('stranger');
    const secret = await api.app.subgroup('secret', 'private');
    expect((await api.put('/groups/acme', { name: 'x' }, maintainer)).status).toBe(403);
    expect((await api.del('/groups/acme', maintainer)).status).toBe(403);
    expect((await api.put(`/groups/${secret.id}`, { name: 'x' }, stranger)).status).toBe(404);
    expect((await api.del(`/groups/${secret.id}`, { token: '' })).status).toBe(401);
  });

  test('an empty group is deleted immediately, and its path is free again', async () => {
    const { body } = await api.post('/groups', { name: 'a', path: 'a' });
    const answer = await api.del(`/groups/${body.id}`);
    expect([answer.status, answer.body]).toEqual([202, { message: '202 Accepted' }]);
    expect((await api.get(`/groups/${body.id}`)).status).toBe(404);
    expect(paths(await api.get('/groups'))).toEqual(['acme']);
    expect((await api.post('/groups', { name: 'a', path: 'a' })).status).toBe(201);
  });

  test('a group that is not empty is deleted only when the request repeats its path', async () => {
    const sub = await api.app.subgroup('sub');
    const project = await api.app.project('tools', 'private', sub);
    await api.publish(project.id, 'tool', '1.0');
    expect((await api.del('/groups/acme')).status).toBe(409);
    expect((await api.del('/groups/acme?permanently_remove=true')).status).toBe(400);
    expect((await api.del('/groups/acme?permanently_remove=true&full_path=acme')).status).toBe(202);
    for (const path of ['/groups/acme', `/groups/${sub.id}`, `/projects/${project.id}`]) {
      expect([path, (await api.get(path)).status]).toEqual([path, 404]);
    }
    expect((await api.post('/groups', { name: 'Acme', path: 'acme' })).status).toBe(201);
  });

  test('a group is not deleted while a project is created in it', async () => {
    const { body } = await api.post('/groups', { name: 'a', path: 'a' });
    const [created, deleted] = await Promise.all([
      api.post('/projects', { path: 'p', namespace_id: body.id }),
      api.del(`/groups/${body.id}`),
    ]);
    const outcome = [created.status, deleted.status];
    expect([
      [201, 409],
      [404, 202],
      [409, 202],
    ]).toContainEqual(outcome);
    const missing = (await api.get(`/groups/${body.id}`)).status === 404;
    expect(missing).toBe(deleted.status === 202);
  });

  test('changes are recorded in events that name the actor', async () => {
    const { body } = await api.post('/groups', { name: 'a', path: 'a' });
    api.app.clock.advance(1);
    await api.put(`/groups/${body.id}`, { description: 'd' });
    api.app.clock.advance(1);
    await api.del(`/groups/${body.id}`);
    const events = await eventsOf(api.app);
    expect(events).toMatchObject([
      { type: 'group_created', name: 'a', actor: { name: 'root' }, owner: { id: body.id } },
      {
        ...{ type: 'group_changed', name: 'a', actor: { name: 'root' }, owner: { id: body.id } },
        details: { before: { description: '' }, after: { description: 'd' } },
      },
      { type: 'group_deleted', name: 'a', actor: { name: 'root' }, owner: { id: body.id } },
    ]);
    const changed = events[1]?.details as { readonly after: object } | undefined;
    expect(Object.keys(changed?.after ?? {})).toEqual(['description']);
  });
});

describe('package settings', () => {
  test('duplicate rules are set per format and enforced', async () => {
    const project = await api.app.project('tools');
    await api.publish(project.id, 'tool', '1.0');
    const settings = await api.get('/groups/acme/package_settings');
    expect(settings.body).toMatchObject({
      generic_duplicates_allowed: null,
      generic_duplicate_exception_regex: '',
    });
    const changed = await api.put('/groups/acme/package_settings', {
      generic_duplicates_allowed: false,
      generic_duplicate_exception_regex: 'free-.*',
    });
    expect(changed.body).toMatchObject({
      generic_duplicates_allowed: false,
      generic_duplicate_exception_regex: 'free-.*',
    });
    const upload = (name: string) =>
      api.app.send('PUT', `/api/v4/projects/${project.id}/packages/generic/${name}/1.0/file.txt`, {
        token: api.app.rootToken,
        body: 'x',
      });
    expect((await upload('tool')).status).toBe(400);
    await upload('free-tool');
    expect((await upload('free-tool')).status).toBe(201);
    await api.put('/groups/acme/package_settings', { generic_duplicates_allowed: null });
    expect((await upload('tool')).status).toBe(201);
  });

  test('settings that are unknown or have one value here are refused, and change nothing', async () => {
    const put = (json: object, path = '') => api.put(`/groups/acme/package_settings${path}`, json);
    const before = (await api.get('/groups/acme/package_settings')).body;
    const forwarding = 'requests are not forwarded to public registries';
    for (const [setting, value, reason] of [
      ['npm_package_requests_forwarding', true, `can only be false: ${forwarding}`],
      ['pypi_package_requests_forwarding', 'true', `can only be false: ${forwarding}`],
      ['lock_maven_package_requests_forwarding', true, `can only be false: ${forwarding}`],
      [
        'nuget_symbol_server_enabled',
        false,
        'can only be true: debug symbols are served to everyone who may read',
      ],
      ['audit_events_enabled', false, 'can only be true: every change is recorded'],
      ['audit_events_enabled', 'perhaps', 'is invalid'],
      ['terraform_module_duplicates_allowed', false, 'is unknown'],
      ['nonsense', null, 'is unknown'],
    ] as const) {
      const answer = await put({ generic_duplicates_allowed: false, [setting]: value });
      expect([answer.status, answer.body]).toEqual([400, { error: `${setting} ${reason}` }]);
    }
    const several = await put({ npm_package_requests_forwarding: true, a: 1, b: 2 });
    expect(several.body.error).toBe(
      `npm_package_requests_forwarding can only be false: ${forwarding}, a is unknown, b is unknown`,
    );
    const long = await put(
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}${'a'.repeat(200)}`, 1])),
    );
    expect(long.body.error.length).toBeLessThan(1500);
    expect((await api.get('/groups/acme/package_settings')).body).toEqual(before);
  });

  test('settings can be sent back as they were read, with what belongs to every request', async () => {
    const path = '/groups/acme/package_settings';
    const { body } = await api.get(path);
    expect(body).toMatchObject({ npm_package_requests_forwarding: false, audit_events_enabled: true });
    const answer = await api.put(`${path}?sudo=root`, { ...body, generic_duplicates_allowed: true });
    expect([answer.status, answer.body]).toEqual([200, { ...body, generic_duplicates_allowed: true }]);
    const none = Object.fromEntries(Object.keys(body).map((name) => [name, null]));
    expect([(await api.put(path, none)).status, (await api.get(path)).body]).toEqual([200, body]);
  });

  test('invalid expressions and callers without permission are rejected', async () => {
    const put = (json: object, options = {}) => api.put('/groups/acme/package_settings', json, options);
    expect((await put({ generic_duplicate_exception_regex: '(' })).body.error).toContain('RE2');
    for (const [expression, reason] of [
      ['('.repeat(3), 'is not an RE2 expression'],
      ['a'.repeat(256), 'is longer than 255 characters'],
      ['(?:\\pL?){999}'.repeat(18), 'repeats too much: numbers of repetitions must be smaller'],
    ]) {
      const answer = await put({
        generic_duplicates_allowed: false,
        generic_duplicate_exception_regex: expression,
      });
      expect([answer.status, answer.body]).toEqual([
        400,
        { error: `generic_duplicate_exception_regex ${reason}` },
      ]);
    }
    expect((await put({ generic_duplicate_exception_regex: 'a' })).body).toEqual({
      error: 'generic_duplicates_allowed is missing',
    });
    expect((await put({ generic_duplicates_allowed: 'perhaps' })).status).toBe(400);
    const mia = await api.app.user('mia', { level: levels.maintainer, of: api.app.group });
    expect((await put({ generic_duplicates_allowed: false }, mia)).status).toBe(403);
  });
});

describe('a private group of which the caller is no member, only of a project in a subgroup', () => {
  let project: { readonly id: number };
  let ids: Record<'top' | 'sub' | 'other', number>;
  let reporter: { readonly token: string };
  let deploy: { readonly token: string };
  let stranger: { readonly token: string };
  beforeEach(async () => {
    const make = async (path: string, parent?: number) =>
      (await api.post('/groups', { name: path, path, ...(parent !== undefined && { parent_id: parent }) }))
        .body.id;
    const top = await make('top');
    ids = { top, sub: await make('sub', top), other: await make('other', top) };
    project = (await api.post('/projects', { name: 'seen', namespace_id: ids.sub })).body;
    const hidden = await api.post('/projects', { name: 'unseen', namespace_id: ids.sub });
    for (const { id } of [project, hidden.body]) await api.publish(id, 'lib', '1.0');
    const { user, token } = await api.app.user('rep');
    await api.post(`/projects/${project.id}/members`, { user_id: user.id, access_level: levels.reporter });
    const made = await api.post(`/projects/${project.id}/deploy_tokens`, {
      ...{ name: 'd', scopes: ['read_package_registry'] },
    });
    reporter = { token };
    deploy = { token: made.body.token };
    stranger = await api.app.user('eve');
  });

  test('is shown, with what the caller sees in it', async () => {
    for (const group of ['top', 'sub'] as const) {
      const shown = await api.get(`/groups/${ids[group]}?with_projects=true`, reporter);
      expect([shown.status, shown.body.path]).toEqual([200, group]);
      const packages = await api.get(`/groups/${ids[group]}/packages`, reporter);
      expect(packages.body.map((each: { project_id: number }) => each.project_id)).toEqual([project.id]);
      expect((await api.get(`/groups/${ids[group]}/packages`, deploy)).body).toHaveLength(1);
      const projects = await api.get(`/groups/${ids[group]}/projects?include_subgroups=true`, reporter);
      expect(projects.body.map(({ name }: { name: string }) => name)).toEqual(['seen']);
      expect((await api.get(`/namespaces/${ids[group]}`, reporter)).status).toBe(200);
    }
    for (const list of ['subgroups', 'descendant_groups']) {
      expect(paths(await api.get(`/groups/top/${list}`, reporter))).toEqual(['top/sub']);
    }
    const all = await api.get('/groups?all_available=true&top_level_only=true', reporter);
    expect(paths(all)).toEqual(['acme', 'top']);
    expect((await api.get('/namespaces/top/exists', reporter)).body.exists).toBe(true);
  });

  test('shows no members, and nothing in it can be changed', async () => {
    const refused = [
      await api.get('/groups/top/members', reporter),
      await api.get('/groups/top/members/all', reporter),
      await api.get('/groups/top/deploy_tokens', reporter),
      await api.put('/groups/top', { name: 'x' }, reporter),
      await api.del('/groups/top', reporter),
      await api.post('/groups', { name: 'x', path: 'x', parent_id: ids.top }, reporter),
      await api.post('/projects', { name: 'x', namespace_id: ids.top }, reporter),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
    expect((await api.get('/groups/top')).body.name).toBe('top');
  });

  test('is missing for others, and hides the groups beside the project', async () => {
    for (const path of ['', '/packages', '/projects', '/subgroups', '/members']) {
      expect([path, (await api.get(`/groups/top${path}`, stranger)).status]).toEqual([path, 404]);
      expect([path, (await api.get(`/groups/top%2Fother${path}`, reporter)).status]).toEqual([path, 404]);
    }
    expect(paths(await api.get('/groups?all_available=true', stranger))).toEqual(['acme']);
  });
});
