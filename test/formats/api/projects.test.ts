import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { digestsOf } from '../../../services/domain/digests.ts';
import { purgeProjects } from '../../../services/registry/accounts/remove-project.ts';
import { keys, ranges } from '../../../services/registry/records/keys.ts';
import { accessToken, deployToken } from '../../kit/start-app.ts';
import { type Answer, type Api, eventsOf, pagesOf, startApi } from './api-client.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});

const names = (answer: Answer) => answer.body.map((each: { path: string }) => each.path);

describe('creating projects', () => {
  test('in a group needs a name or a path, from which the other is derived', async () => {
    const namespace_id = api.app.group.id;
    const byName = await api.post('/projects', { name: 'My Tools!', namespace_id });
    expect(byName.status).toBe(201);
    expect(byName.body).toMatchObject({
      path: 'my-tools',
      path_with_namespace: 'acme/my-tools',
      name_with_namespace: 'Acme / My Tools!',
      visibility: 'private',
      package_registry_access_level: 'enabled',
      packages_enabled: true,
      archived: false,
      namespace: { id: namespace_id, kind: 'group', full_path: 'acme' },
      web_url: 'http://registry.test/acme/my-tools',
      _links: { self: `http://registry.test/api/v4/projects/${byName.body.id}` },
    });
    const byPath = await api.post('/projects', { path: 'plain', namespace_id, packages_enabled: false });
    expect(byPath.body).toMatchObject({ name: 'plain', package_registry_access_level: 'disabled' });
    const settings = { namespace_id, container_registry_access_level: 'disabled' };
    const withoutImages = await api.post('/projects', { path: 'no-images', ...settings });
    expect(withoutImages.body).toMatchObject({
      package_registry_access_level: 'enabled',
      container_registry_enabled: false,
    });
  });

  test("without a namespace uses the caller's own", async () => {
    const { token } = await api.app.user('ann');
    const created = await api.post('/projects', { name: 'mine' }, { token });
    expect(created.body).toMatchObject({ path_with_namespace: 'ann/mine', namespace: { kind: 'user' } });
    expect((await api.get('/users/ann/projects', { token })).body).toMatchObject([{ path: 'mine' }]);
    expect((await api.get('/users/ann/projects', { token: '' })).body).toEqual([]);
  });

  test('with invalid parameters is rejected with the reason', async () => {
    await api.app.project('taken');
    const namespace_id = api.app.group.id;
    const secret = await api.app.subgroup('secret', 'private');
    const cases = [
      [{}, 400, { error: 'name, path are missing, at least one parameter must be provided' }],
      [{ path: 'taken', namespace_id }, 400, { message: { path: ['has already been taken'] } }],
      [{ path: 'packages', namespace_id }, 400, { message: { path: ['is a reserved name'] } }],
      [{ path: 'a b', namespace_id }, 400, { message: { path: [expect.stringContaining('letters')] } }],
      [{ path: 'x', namespace_id: 999 }, 404, { message: '404 Namespace Not Found' }],
      [
        { path: 'x', namespace_id: 'acme' },
        400,
        {
          error:
            'namespace_id is invalid (the id of a group or user, a number; GET /namespaces?search=<name> shows it)',
        },
      ],
      [{ path: 'x', visibility: 'open' }, 400, { error: 'visibility does not have a valid value' }],
    ] as const;
    for (const [json, status, body] of cases) {
      const answer = await api.post('/projects', json);
      expect([json, answer.status, answer.body]).toEqual([json, status, body]);
    }
    const wide = await api.post('/projects', { path: 'x', namespace_id: secret.id, visibility: 'public' });
    expect(Object.keys(wide.body.message)).toEqual(['visibility_level']);
  });

  test('with the same path succeeds once among concurrent requests', async () => {
    const json = { path: 'one', namespace_id: api.app.group.id };
    const answers = await Promise.all([1, 2, 3].map(() => api.post('/projects', json)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
    expect(names(await api.get('/projects'))).toEqual(['one']);
  });

  test('is denied to reporters and anonymous callers', async () => {
    const json = { path: 'x', namespace_id: api.app.group.id };
    const reporter = await api.app.user('rep', { level: levels.reporter, of: api.app.group });
    expect((await api.post('/projects', json, reporter)).status).toBe(403);
    expect((await api.post('/projects', json, { token: '' })).status).toBe(401);
  });
});

describe('showing and listing projects', () => {
  test('a project is found by id, by encoded path and by a path with plain slashes', async () => {
    const sub = await api.app.subgroup('deep');
    const project = await api.app.project('tools', 'private', sub);
    for (const id of [project.id, 'acme%2Fdeep%2Ftools', 'acme/deep/tools', 'acme%2Fdeep%2F%74ools']) {
      expect([id, (await api.get(`/projects/${id}`)).body.id]).toEqual([id, project.id]);
      expect([id, (await api.get(`/projects/${id}/members`)).status]).toEqual([id, 200]);
      expect([id, (await api.get(`/projects/${id}/packages`)).status]).toEqual([id, 200]);
      expect([id, (await api.get(`/projects/${id}/`)).status]).toEqual([id, 200]);
    }
  });

  test('a project shows the access level of the caller', async () => {
    const project = await api.app.project('tools');
    const { token } = await api.app.user('dev', { level: levels.developer, of: project });
    expect((await api.get(`/projects/${project.id}`, { token })).body.permissions).toEqual({
      project_access: { access_level: 30, notification_level: 3 },
      group_access: null,
    });
  });

  test('anyone sees public projects, users also internal ones, and members also private ones', async () => {
    for (const visibility of ['private', 'internal', 'public'] as const)
      await api.app.project(visibility, visibility);
    const stranger = await api.app.user('stranger');
    const member = await api.app.user('member', { level: levels.guest, of: api.app.group });
    const cases = [
      ['', ['public']],
      [stranger.token, ['public', 'internal']],
      [member.token, ['public', 'internal', 'private']],
      [api.app.rootToken, ['public', 'internal', 'private']],
    ] as const;
    for (const [token, expected] of cases) {
      expect(names(await api.get('/projects', { token }))).toEqual(expected);
      expect(names(await api.get('/groups/acme/projects', { token }))).toEqual(expected);
    }
    expect((await api.get('/projects/acme%2Fprivate', stranger)).status).toBe(404);
    expect((await api.get('/projects/acme%2Fprivate', { token: '' })).status).toBe(401);
    expect((await api.get('/projects/acme%2Fmissing', { token: '' })).status).toBe(401);
  });

  test('lists can be filtered and ordered', async () => {
    const sub = await api.app.subgroup('sub');
    const zed = await api.app.project('zed', 'public');
    api.app.clock.advance(1000);
    await api.app.project('alpha', 'internal', sub);
    api.app.clock.advance(1000);
    await api.app.project('beta', 'private');
    const list = async (query: string, token?: string) =>
      names(await api.get(`/projects?${query}`, { token }));
    expect(await list('')).toEqual(['beta', 'alpha', 'zed']);
    expect(await list('order_by=name&sort=asc')).toEqual(['alpha', 'beta', 'zed']);
    expect(await list('search=ET')).toEqual(['beta']);
    expect(await list('search=sub')).toEqual([]);
    expect(await list('search=sub&search_namespaces=true')).toEqual(['alpha']);
    expect(await list('visibility=internal')).toEqual(['alpha']);
    await api.post(`/projects/${zed.id}/archive`);
    expect(await list('archived=true')).toEqual(['zed']);
    expect(await list('archived=false')).toEqual(['beta', 'alpha']);
    const dev = await api.app.user('dev', { level: levels.developer, of: sub });
    expect(await list('', dev.token)).toEqual(['alpha', 'zed']);
    expect(await list('membership=true', dev.token)).toEqual(['alpha']);
    expect(await list('min_access_level=40', dev.token)).toEqual([]);
    expect(await list('owned=true')).toEqual(['beta', 'alpha', 'zed']);
    const simple = await api.get('/projects?simple=true');
    expect(simple.body[0].package_registry_access_level).toBeUndefined();
    expect(
      names(await api.get('/groups/acme/projects?include_subgroups=true&order_by=path&sort=asc')),
    ).toEqual(['alpha', 'beta', 'zed']);
    expect(names(await api.get('/groups/acme/projects?order_by=path&sort=asc'))).toEqual(['beta', 'zed']);
  });

  test.each([
    ['per_page=3', [3, 3, 1]],
    ['per_page=3&pagination=keyset&order_by=id&sort=asc', [3, 3, 1]],
    ['per_page=3&pagination=keyset&order_by=id&sort=desc', [3, 3, 1]],
    ['per_page=3&pagination=keyset&order_by=name&sort=desc', [3, 3, 1]],
    ['per_page=7', [7]],
  ])('pages have every project once (%s)', async (query, sizes) => {
    for (let n = 0; n < 7; n++) await api.app.project(`p${n}`);
    const pages = await pagesOf(api, `/projects?${query}`);
    expect(pages.map((page) => page.body.length)).toEqual(sizes);
    const seen = pages.flatMap(names);
    expect([...seen].sort()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
    expect(seen).toEqual(query.includes('asc') ? [...seen].sort() : [...seen].sort().reverse());
  });

  test('links leave out the least important ones rather than make the header longer than 4 KB', async () => {
    for (let n = 0; n < 5; n++) await api.app.project(`p${n}`);
    const relsOf = async (length: number) => {
      const answer = await api.get(`/projects?per_page=2&page=2&search=&x=${'x'.repeat(length)}`);
      const link = answer.headers.get('link') ?? '';
      expect(link.length).toBeLessThanOrEqual(4096);
      return [...link.matchAll(/rel="(\w+)"/g)].map((match) => match[1]);
    };
    expect(await relsOf(900)).toEqual(['prev', 'next', 'first', 'last']);
    expect(await relsOf(1200)).toEqual(['prev', 'next', 'first']);
    expect(await relsOf(3000)).toEqual(['next']);
    expect(await relsOf(5000)).toEqual([]);
  });

  test('page headers have counts and links, and invalid parameters are rejected', async () => {
    for (let n = 0; n < 5; n++) await api.app.project(`p${n}`);
    const answer = await api.get('/projects?per_page=2&page=2&private_token=secret');
    const headers = ['page', 'per-page', 'next-page', 'prev-page', 'total', 'total-pages'];
    expect(headers.map((name) => answer.headers.get(`x-${name}`))).toEqual(['2', '2', '3', '1', '5', '3']);
    const link = answer.headers.get('link') ?? '';
    expect([...link.matchAll(/rel="(\w+)"/g)].map((match) => match[1])).toEqual([
      'prev',
      'next',
      'first',
      'last',
    ]);
    expect(link).not.toContain('secret');
    const last = await api.get('/projects?per_page=2&page=3');
    expect([last.headers.get('x-next-page'), last.body.length]).toEqual(['', 1]);
    for (const [query, body] of [
      ['per_page=0', { error: 'per_page does not have a valid value' }],
      ['per_page=x', { error: 'per_page is invalid' }],
      ['pagination=magic', { error: 'pagination does not have a valid value' }],
      ['pagination=keyset&order_by=name&cursor=x', { error: 'cursor is invalid' }],
    ] as const) {
      expect([query, (await api.get(`/projects?${query}`)).body]).toEqual([query, body]);
    }
    expect((await api.get('/projects?per_page=5000')).headers.get('x-per-page')).toBe('100');
  });
});

describe('changing projects', () => {
  test('a maintainer may change most settings, an owner all', async () => {
    const project = await api.app.project('tools');
    const mia = await api.app.user('mia', { level: levels.maintainer, of: project });
    const dev = await api.app.user('dev', { level: levels.developer, of: project });
    const path = `/projects/${project.id}`;
    const changed = await api.put(
      path,
      { name: 'N', package_registry_access_level: 'public', visibility: 'private' },
      mia,
    );
    expect([
      changed.status,
      changed.body.name_with_namespace,
      changed.body.package_registry_access_level,
    ]).toEqual([200, 'Acme / N', 'public']);
    expect((await api.put(path, { visibility: 'public' }, mia)).status).toBe(403);
    expect((await api.put(path, { name: 'x' }, dev)).status).toBe(403);
    expect((await api.put(path, { visibility: 'public' })).body.visibility).toBe('public');
    expect((await api.put(path, { package_registry_access_level: 'all' })).body).toEqual({
      error: 'package_registry_access_level does not have a valid value',
    });
  });

  test('access to images is a setting apart from that to packages', async () => {
    const project = await api.app.project('images');
    const path = `/projects/${project.id}`;
    const settingsOf = async (changes: object) => {
      const { body } = await api.put(path, changes);
      return [
        body.container_registry_access_level,
        body.container_registry_enabled,
        body.package_registry_access_level,
      ];
    };
    expect(await settingsOf({ packages_enabled: false })).toEqual(['enabled', true, 'disabled']);
    expect(await settingsOf({ package_registry_access_level: 'public' })).toEqual([
      'enabled',
      true,
      'public',
    ]);
    expect(await settingsOf({ container_registry_enabled: false })).toEqual(['disabled', false, 'public']);
    expect(await settingsOf({ container_registry_enabled: true })).toEqual(['enabled', true, 'public']);
    const both = { container_registry_access_level: 'private', container_registry_enabled: false };
    expect(await settingsOf(both)).toEqual(['private', true, 'public']);
    expect((await api.get(path)).body.container_registry_access_level).toBe('private');
    expect((await api.put(path, { container_registry_access_level: 'public' })).body).toEqual({
      error: 'container_registry_access_level does not have a valid value',
    });
  });

  test('a new path replaces the old one', async () => {
    const project = await api.app.project('old');
    await api.app.project('taken');
    expect((await api.put('/projects/acme%2Fold', { path: 'taken' })).body.message.path).toEqual([
      'has already been taken',
    ]);
    expect((await api.put('/projects/acme%2Fold', { path: 'new' })).body.path_with_namespace).toBe(
      'acme/new',
    );
    expect((await api.get('/projects/acme%2Fold')).status).toBe(301);
    expect((await api.get('/projects/acme%2Fnew')).body.id).toBe(project.id);
    expect((await api.post('/projects', { path: 'old', namespace_id: api.app.group.id })).status).toBe(201);
  });

  test('an archived project can be read but not written', async () => {
    const project = await api.app.project('tools');
    await api.publish(project.id, 'tool', '1.0');
    const archived = await api.post(`/projects/${project.id}/archive`);
    expect([archived.status, archived.body.archived]).toEqual([201, true]);
    const url = `/api/v4/projects/${project.id}/packages/generic/tool/1.0/file.txt`;
    const token = api.app.rootToken;
    expect((await api.app.send('GET', url, { token })).status).toBe(200);
    expect((await api.app.send('PUT', url, { token, body: 'x' })).status).toBe(403);
    const { body } = await api.get(`/projects/${project.id}/packages`);
    expect((await api.del(`/projects/${project.id}/packages/${body[0].id}`)).status).toBe(403);
    expect((await api.post(`/projects/${project.id}/unarchive`)).body.archived).toBe(false);
    expect((await api.app.send('PUT', url, { token, body: 'x' })).status).toBe(201);
  });
});

describe('deleting projects', () => {
  test('removes packages, tokens and members, and frees the path and the bytes', async () => {
    const project = await api.app.project('tools');
    for (const version of ['1.0', '2.0']) await api.publish(project.id, 'tool', version);
    const { registry } = api.app;
    const deploy = await deployToken(registry, project, ['read_package_registry']);
    const bot = await accessToken(registry, project, levels.maintainer);
    const member = await api.app.user('dev', { level: levels.developer, of: project });
    const { sha256 } = digestsOf('tool 1.0 file.txt');
    expect((await registry.table.get(keys.blob(sha256)))?.refs).toBe(1);

    const answer = await api.del(`/projects/${project.id}`);
    expect([answer.status, answer.body]).toEqual([202, { message: '202 Accepted' }]);
    expect((await api.get(`/projects/${project.id}`)).status).toBe(404);
    expect((await api.get('/projects/acme%2Ftools', member)).status).toBe(404);
    expect((await api.get('/user', { token: bot.secret })).status).toBe(401);
    expect((await api.get('/groups/acme/packages', { token: deploy.secret })).status).toBe(401);
    await purgeProjects(registry);
    expect(await registry.table.get(keys.blob(sha256))).toMatchObject({
      refs: 0,
      unreferencedAt: registry.clock.now(),
    });
    expect((await registry.table.query(ranges.packageIds(project.id))).items).toEqual([]);
    expect((await registry.table.query(ranges.members({ kind: 'project', id: project.id }))).items).toEqual(
      [],
    );
    expect((await api.get('/projects?membership=true', member)).body).toEqual([]);
    const again = await api.post('/projects', { path: 'tools', namespace_id: api.app.group.id });
    expect([again.status, again.body.id === project.id]).toEqual([201, false]);
    expect((await api.get(`/projects/${again.body.id}/packages`)).body).toEqual([]);
    expect(api.app.errors).toEqual([]);
  });

  test('purges what concurrent uploads have left, and later the record of the project', async () => {
    const project = await api.app.project('tools');
    await api.publish(project.id, 'tool', '1.0');
    const { registry, clock } = api.app;
    const { removeProject } = await import('../../../services/registry/accounts/remove-project.ts');
    await removeProject(registry, project, { kind: 'user', id: 1, name: 'root' });
    expect((await registry.table.query(ranges.packageIds(project.id))).items).toHaveLength(1);
    await purgeProjects(registry);
    expect((await registry.table.query(ranges.packageIds(project.id))).items).toEqual([]);
    expect((await registry.table.query(ranges.removedProjects())).items).toHaveLength(1);
    clock.advance(2 * 24 * 3600 * 1000);
    await purgeProjects(registry);
    expect((await registry.table.query(ranges.removedProjects())).items).toEqual([]);
  });

  test('requires an owner, and succeeds once', async () => {
    const project = await api.app.project('tools');
    const mia = await api.app.user('mia', { level: levels.maintainer, of: project });
    expect((await api.del(`/projects/${project.id}`, mia)).status).toBe(403);
    const answers = await Promise.all([1, 2].map(() => api.del(`/projects/${project.id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 404]);
    const events = (await eventsOf(api.app)).map(({ type }) => type);
    expect(events).toEqual(['project_deleted']);
  });
});
