import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import { secretDigest } from '../../../services/registry/accounts/token-secret.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { accessToken, personalToken } from '../../kit/start-app.ts';
import { type Api, eventsOf, pagesOf, startApi } from './api-client.ts';

const DAY = 24 * 3600 * 1000;

let api: Api;
let project: Project;
beforeEach(async () => {
  api = await startApi();
  project = await api.app.project('tools');
});

const works = async (token: string) => (await api.get('/user', { token })).status === 200;
const pull = (token: string) => api.get(`/projects/${project.id}/packages`, { token });

describe('deploy tokens', () => {
  test('the secret is shown once, works, and stops working when the token is deleted', async () => {
    const path = `/projects/${project.id}/deploy_tokens`;
    const created = await api.post(path, {
      name: 'ci',
      scopes: ['read_package_registry'],
      expires_at: '2026-05-01',
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('cache-control')).toBe('no-store');
    expect(created.body).toEqual({
      id: created.body.id,
      name: 'ci',
      username: `gitlab+deploy-token-${created.body.id}`,
      expires_at: '2026-05-01T00:00:00.000Z',
      scopes: ['read_package_registry'],
      revoked: false,
      expired: false,
      parent_id: expect.any(Number),
      token: expect.stringMatching(/^phdt-/),
    });
    const { token, ...shown } = created.body;
    expect((await api.get(path)).body).toEqual([shown]);
    expect((await api.get(`${path}/${shown.id}`)).body).toEqual(shown);
    expect((await api.get('/deploy_tokens')).body).toEqual([shown]);
    expect((await pull(token)).status).toBe(200);
    expect((await api.del(`${path}/${shown.id}`)).status).toBe(204);
    expect((await pull(token)).status).toBe(401);
    expect((await api.get(path)).body).toEqual([]);
    expect((await api.del(`${path}/${shown.id}`)).status).toBe(404);
  });

  test('the user name has the characters of GitLab, and no user has it or gets it', async () => {
    await api.app.user('ann');
    await accessToken(api.app.registry, project, levels.developer);
    const path = `/projects/${project.id}/deploy_tokens`;
    const create = (username: string) =>
      api.post(path, { name: 'ci', scopes: ['read_package_registry'], username });
    const characters = "can contain only letters, digits, '_', '-', '+', and '.'";
    for (const [username, reason] of [
      ['x y:z', characters],
      ['x:y', characters],
      ['x\ny', characters],
      ['é', characters],
      ['x'.repeat(256), characters],
      ['root', 'has already been taken'],
      ['ANN', 'has already been taken'],
      ['gitlab+deploy-token-1', 'is a reserved name'],
      ['gitlab-ci-token', 'is a reserved name'],
      [`project_${project.id}_bot_3`, 'is a reserved name'],
    ] as const) {
      const answer = await create(username);
      expect([username, answer.status, answer.body]).toEqual([
        username,
        400,
        { message: { username: [reason] } },
      ]);
    }
    const created = await create('build_1+x.Y-z');
    expect([created.status, created.body.username]).toEqual([201, 'build_1+x.Y-z']);
    const named = await create('Build-Two');
    const addUser = (username: string) =>
      api.post('/users', {
        username,
        name: 'b',
        email: `${username}@example.com`,
        force_random_password: true,
      });
    const refused = await addUser('build-two');
    expect([refused.status, refused.body.message]).toEqual([409, 'Username has already been taken']);
    await api.del(`${path}/${named.body.id}`);
    expect((await addUser('build-two')).status).toBe(201);
    expect((await create('')).body.username).toMatch(/^gitlab\+deploy-token-\d+$/);
  });

  test('a deploy token may read packages through the API, and nothing else', async () => {
    const create = async (scopes: string[]) =>
      (await api.post('/groups/acme/deploy_tokens', { name: 'g', scopes, username: 'robot' })).body
        .token as string;
    const reader = await create(['read_package_registry']);
    expect((await pull(reader)).status).toBe(200);
    expect((await api.get('/groups/acme/packages', { token: reader })).status).toBe(200);
    for (const path of ['/user', '/projects', '/groups', `/projects/${project.id}`, '/groups/acme/members']) {
      expect([path, (await api.get(path, { token: reader })).status]).toEqual([path, 403]);
    }
    expect((await pull(await create(['read_registry']))).status).toBe(403);
  });

  test('invalid parameters are rejected with the reason', async () => {
    const path = `/projects/${project.id}/deploy_tokens`;
    const cases = [
      [{}, { error: 'name is missing, scopes is missing' }],
      [{ name: 'x', scopes: [] }, { error: 'scopes is empty' }],
      [{ name: 'x', scopes: ['api'] }, { error: 'scopes does not have a valid value' }],
      [{ name: 'x', scopes: ['read_registry'], expires_at: 'soon' }, { error: 'expires_at is invalid' }],
    ] as const;
    for (const [json, body] of cases) {
      const answer = await api.post(path, json);
      expect([json, answer.status, answer.body]).toEqual([json, 400, body]);
    }
  });

  test.each([
    ['developer', levels.developer, 403, 403],
    ['maintainer', levels.maintainer, 201, 403],
    ['owner', levels.owner, 201, 201],
  ])(
    'a %s (%i) who creates one gets %i in a project and %i in a group',
    async (name, level, inProject, inGroup) => {
      const caller = await api.app.user(name, { level, of: api.app.group });
      const json = { name: 'x', scopes: ['read_registry'] };
      expect((await api.post(`/projects/${project.id}/deploy_tokens`, json, caller)).status).toBe(inProject);
      expect((await api.post('/groups/acme/deploy_tokens', json, caller)).status).toBe(inGroup);
      expect((await api.get('/deploy_tokens', caller)).status).toBe(403);
    },
  );

  test('expired ones are marked and can be filtered', async () => {
    const path = `/projects/${project.id}/deploy_tokens`;
    await api.post(path, { name: 'short', scopes: ['read_registry'], expires_at: '2026-01-05' });
    await api.post(path, { name: 'long', scopes: ['read_registry'] });
    api.app.clock.advance(5 * DAY);
    const names = async (query: string) =>
      (await api.get(`${path}?${query}`)).body.map((each: { name: string; expired: boolean }) => [
        each.name,
        each.expired,
      ]);
    expect(await names('')).toEqual([
      ['short', true],
      ['long', false],
    ]);
    expect(await names('active=true')).toEqual([['long', false]]);
    expect(await names('active=false')).toEqual([['short', true]]);
  });
});

describe('access tokens of projects and groups', () => {
  test('a token acts as a bot with the given level', async () => {
    const path = `/projects/${project.id}/access_tokens`;
    const json = {
      name: 'bot',
      scopes: ['api'],
      access_level: 30,
      expires_at: '2026-03-01',
      description: 'd',
    };
    const created = await api.post(path, json);
    expect(created.status).toBe(201);
    const { token, ...shown } = created.body;
    expect(shown).toMatchObject({
      name: 'bot',
      description: 'd',
      revoked: false,
      active: true,
      scopes: ['api'],
      access_level: 30,
      expires_at: '2026-03-01',
      last_used_at: null,
    });
    expect((await api.get(path)).body).toEqual([shown]);
    expect((await api.get(`${path}/${shown.id}`)).body).toEqual(shown);
    expect((await api.get('/user', { token })).body).toMatchObject({
      id: shown.user_id,
      bot: true,
      name: 'bot',
    });
    await api.publish(project.id, 'tool', '1.0', token);
    expect((await api.get(`/projects/${project.id}/members`)).body).toMatchObject([
      { id: shown.user_id, access_level: 30 },
    ]);
    expect((await api.del(`${path}/${shown.id}`)).status).toBe(204);
    expect(await works(token)).toBe(false);
    expect((await api.get(`/projects/${project.id}/members`)).body).toEqual([]);
    expect((await api.get(path)).body).toMatchObject([
      { id: shown.id, revoked: true, active: false, access_level: null },
    ]);
    expect((await api.del(`${path}/${shown.id}`)).status).toBe(204);
  });

  test('levels and expiry have defaults and limits', async () => {
    const path = '/groups/acme/access_tokens';
    const base = { name: 'x', scopes: ['read_api'] };
    expect((await api.post(path, base)).body).toMatchObject({ access_level: 40, expires_at: '2027-01-02' });
    const cases = [
      [{ name: 'x' }, { error: 'scopes is missing' }],
      [{ ...base, scopes: ['sudo'] }, { error: 'scopes does not have a valid value' }],
      [{ ...base, access_level: 35 }, { error: 'access_level does not have a valid value' }],
      [{ ...base, expires_at: '2026-01-02' }, { message: { expires_at: ['must be in the future'] } }],
      [
        { ...base, expires_at: '2030-01-01' },
        { message: { expires_at: ['must be at most 365 days from now'] } },
      ],
    ] as const;
    for (const [json, body] of cases) {
      const answer = await api.post(path, json);
      expect([json, answer.status, answer.body]).toEqual([json, 400, body]);
    }
  });

  test('callers cannot create tokens above their own level, and bots cannot create any', async () => {
    const path = `/projects/${project.id}/access_tokens`;
    const mia = await api.app.user('mia', { level: levels.maintainer, of: project });
    const dev = await api.app.user('dev', { level: levels.developer, of: project });
    const base = { name: 'x', scopes: ['api'] };
    expect((await api.post(path, { ...base, access_level: 50 }, mia)).status).toBe(400);
    expect((await api.post(path, base, dev)).status).toBe(403);
    const created = await api.post(path, { ...base, access_level: 40 }, mia);
    expect(created.status).toBe(201);
    expect((await api.post(path, base, { token: created.body.token })).status).toBe(403);
    expect((await api.post('/user/personal_access_tokens', base, { token: created.body.token })).status).toBe(
      403,
    );
    const owner = await api.post(path, { ...base, access_level: 50 });
    expect((await api.post(`${path}/${owner.body.id}/rotate`, {}, mia)).status).toBe(403);
  });

  test('lists can be filtered, sorted and paged', async () => {
    const path = `/projects/${project.id}/access_tokens`;
    for (const [name, expires_at] of [
      ['beta', '2026-04-01'],
      ['alpha', '2026-02-01'],
      ['gamma', '2026-03-01'],
    ]) {
      await api.post(path, { name, expires_at, scopes: ['api'] });
      api.app.clock.advance(1000);
    }
    const names = async (query: string) =>
      (await api.get(`${path}?${query}`)).body.map((each: { name: string }) => each.name);
    expect(await names('sort=name_asc')).toEqual(['alpha', 'beta', 'gamma']);
    expect(await names('sort=expires_desc')).toEqual(['beta', 'gamma', 'alpha']);
    expect(await names('sort=created_desc')).toEqual(['gamma', 'alpha', 'beta']);
    expect(await names('search=A&state=active')).toEqual(['beta', 'alpha', 'gamma']);
    expect(await names('expires_before=2026-02-15')).toEqual(['alpha']);
    expect(await names('last_used_after=2026-01-01')).toEqual([]);
    api.app.clock.advance(40 * DAY);
    expect(await names('state=inactive')).toEqual(['alpha']);
    expect((await api.get(`${path}?state=odd`)).status).toBe(400);
    for (const mode of ['', '&pagination=keyset']) {
      const pages = await pagesOf(api, `${path}?per_page=2&sort=name_desc${mode}`);
      expect(pages.flatMap((page) => page.body.map((each: { name: string }) => each.name))).toEqual([
        'gamma',
        'beta',
        'alpha',
      ]);
    }
  });
});

describe('personal access tokens', () => {
  test('a user sees their own tokens, an administrator all', async () => {
    const ann = await api.app.user('ann');
    const ids = async (query: string, options = {}) =>
      (await api.get(`/personal_access_tokens?${query}`, options)).body.map(
        (each: { user_id: number }) => each.user_id,
      );
    expect(await ids('', ann)).toEqual([ann.user.id]);
    expect(await ids('')).toEqual([api.app.root.id, ann.user.id]);
    expect(await ids(`user_id=${ann.user.id}`)).toEqual([ann.user.id]);
    expect((await api.get(`/personal_access_tokens?user_id=${api.app.root.id}`, ann)).status).toBe(401);
    const self = await api.get('/personal_access_tokens/self', ann);
    expect(self.body).toMatchObject({
      user_id: ann.user.id,
      active: true,
      revoked: false,
      last_used_ips: [],
    });
    expect((await api.get(`/personal_access_tokens/${self.body.id}`, ann)).status).toBe(200);
    const roots = (await api.get('/personal_access_tokens/self')).body.id;
    expect((await api.get(`/personal_access_tokens/${roots}`, ann)).status).toBe(404);
    expect((await api.del(`/personal_access_tokens/${roots}`, ann)).status).toBe(404);
  });

  test('an administrator may create one for a user, who may revoke it', async () => {
    const ann = await api.app.user('ann');
    const path = `/users/${ann.user.id}/personal_access_tokens`;
    const json = { name: 'n', scopes: 'read_api,read_user' };
    expect((await api.post(path, json, ann)).status).toBe(403);
    const created = await api.post(path, json);
    expect([created.status, created.body.scopes, created.body.user_id]).toEqual([
      201,
      ['read_api', 'read_user'],
      ann.user.id,
    ]);
    expect(await works(created.body.token)).toBe(true);
    expect((await api.del(`/personal_access_tokens/${created.body.id}`, ann)).status).toBe(204);
    expect(await works(created.body.token)).toBe(false);
  });

  test('a token of any scope may revoke itself', async () => {
    const token = await personalToken(api.app.registry, api.app.root, ['read_registry']);
    expect((await api.del('/personal_access_tokens/self', { token })).status).toBe(204);
    expect((await api.get('/personal_access_tokens/self', { token })).status).toBe(401);
  });

  test('a user may make only one with which nothing can be read, for the rest of the day', async () => {
    const ann = await api.app.user('ann');
    const path = '/user/personal_access_tokens';
    for (const who of [ann, {}]) {
      const refused = await api.post(path, { name: 'n', scopes: ['api'] }, who);
      expect([refused.status, refused.body]).toEqual([400, { error: 'scopes does not have a valid value' }]);
    }
    const created = await api.post(path, { name: 'n', scopes: ['self_rotate', 'k8s_proxy'] }, ann);
    expect([created.status, created.body.expires_at]).toEqual([201, '2026-01-03']);
    expect(await works(created.body.token)).toBe(false);
    const reader = await personalToken(api.app.registry, ann.user, ['read_api']);
    expect((await api.post(path, { name: 'n', scopes: ['self_rotate'] }, { token: reader })).status).toBe(
      403,
    );
  });

  test('a user may make one that expires no later than the token used', async () => {
    const ann = await api.app.user('ann');
    const expiring = { name: 'n', scopes: ['api'], expires_at: '2026-02-01' };
    const { token } = (await api.post(`/users/${ann.user.id}/personal_access_tokens`, expiring)).body;
    const path = '/user/personal_access_tokens';
    const json = { name: 'n', scopes: ['self_rotate'] };
    const later = await api.post(path, { ...json, expires_at: '2026-03-01' }, { token });
    expect([later.status, Object.keys(later.body.message)]).toEqual([400, ['expires_at']]);
    const earlier = await api.post(path, { ...json, expires_at: '2026-01-20' }, { token });
    expect([earlier.status, earlier.body.expires_at]).toEqual([201, '2026-01-20']);
  });

  test('associations list the groups and projects that a token gives access to', async () => {
    const ann = await api.app.user('ann', { level: levels.developer, of: api.app.group });
    const { body } = await api.get('/personal_access_tokens/self/associations', ann);
    expect(body.groups).toMatchObject([{ id: api.app.group.id, access_levels: 30 }]);
    expect(body.projects).toMatchObject([{ id: project.id, access_levels: { project_access_level: 30 } }]);
    const none = await api.get('/personal_access_tokens/self/associations?min_access_level=40', ann);
    expect(none.body).toEqual({ groups: [], projects: [] });
  });

  test('an expired token is rejected', async () => {
    const ann = await api.app.user('ann');
    const json = { name: 'n', scopes: ['api'], expires_at: '2026-01-05' };
    const { body } = await api.post(`/users/${ann.user.id}/personal_access_tokens`, json);
    expect(await works(body.token)).toBe(true);
    api.app.clock.advance(Date.UTC(2026, 0, 5) - api.app.clock.now() - 1);
    expect(await works(body.token)).toBe(true);
    api.app.clock.advance(1);
    expect(await works(body.token)).toBe(false);
    expect((await api.post('/personal_access_tokens/self/rotate', {}, { token: body.token })).status).toBe(
      401,
    );
  });
});

describe('rotation', () => {
  const rotateSelf = (token: string, json: object = {}) =>
    api.post('/personal_access_tokens/self/rotate', json, { token });

  test('returns a new secret for a week and revokes the old one', async () => {
    const ann = await api.app.user('ann');
    const rotated = await rotateSelf(ann.token);
    expect([rotated.status, rotated.body.expires_at, rotated.body.scopes]).toEqual([
      200,
      '2026-01-09',
      ['api'],
    ]);
    expect([await works(ann.token), await works(rotated.body.token)]).toEqual([false, true]);
    const later = await rotateSelf(rotated.body.token, { expires_at: '2026-06-01' });
    expect(later.body.expires_at).toBe('2026-06-01');
    const other = await api.post(`/personal_access_tokens/${later.body.id}/rotate`, {
      expires_at: '2026-07-01',
    });
    expect([other.status, await works(later.body.token), await works(other.body.token)]).toEqual([
      200,
      false,
      true,
    ]);
  });

  test('is all that a token with only the scope self_rotate may do', async () => {
    const token = await personalToken(api.app.registry, api.app.root, ['self_rotate']);
    expect((await api.get('/user', { token })).status).toBe(403);
    expect((await rotateSelf(token)).status).toBe(200);
    const reader = await personalToken(api.app.registry, api.app.root, ['read_api']);
    expect((await rotateSelf(reader)).status).toBe(403);
  });

  test('of a revoked token revokes its lineage, and nothing else', async () => {
    const ann = await api.app.user('ann');
    const bystander = await personalToken(api.app.registry, ann.user);
    const second = (await rotateSelf(ann.token)).body.token;
    const third = (await rotateSelf(second)).body.token;
    expect((await rotateSelf(ann.token)).status).toBe(401);
    expect([await works(second), await works(third), await works(bystander)]).toEqual([false, false, true]);
  });

  test('of a revoked token revokes tokens whose lineage is stored in the old attribute "family" too', async () => {
    const ann = await api.app.user('ann');
    const second = (await rotateSelf(ann.token)).body.token;
    const key = keys.token(secretDigest(second));
    const item = await api.app.registry.table.get(key);
    const { lineage, ...stored } = item as NonNullable<typeof item>;
    expect(lineage).toEqual(expect.any(Number));
    await api.app.registry.table.write([{ put: { ...key, ...stored, family: lineage as number } }]);
    const third = (await rotateSelf(second)).body.token;
    expect((await rotateSelf(ann.token)).status).toBe(401);
    expect([await works(second), await works(third)]).toEqual([false, false]);
  });

  test('of a revoked token by its id revokes its lineage too', async () => {
    const path = `/projects/${project.id}/access_tokens`;
    const first = await api.post(path, { name: 'b', scopes: ['api'] });
    const second = await api.post(`${path}/${first.body.id}/rotate`);
    expect([second.status, second.body.access_level, await works(second.body.token)]).toEqual([
      200,
      40,
      true,
    ]);
    expect((await api.post(`${path}/${first.body.id}/rotate`)).status).toBe(401);
    expect(await works(second.body.token)).toBe(false);
  });

  test('succeeds once when it is repeated concurrently, and the new token works', async () => {
    const ann = await api.app.user('ann');
    const id = (await api.get('/personal_access_tokens/self', ann)).body.id;
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => api.post(`/personal_access_tokens/${id}/rotate`)),
    );
    const winners = answers.filter(({ status }) => status === 200);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect(await works(winners[0]?.body.token)).toBe(true);
  });

  test('by a bot works only at its own project or group', async () => {
    const path = `/projects/${project.id}/access_tokens`;
    const other = await api.app.project('other');
    const { token } = (await api.post(path, { name: 'b', scopes: ['self_rotate'] })).body;
    expect((await rotateSelf(token)).status).toBe(405);
    expect((await api.post(`/projects/${other.id}/access_tokens/self/rotate`, {}, { token })).status).toBe(
      401,
    );
    expect((await api.post('/groups/acme/access_tokens/self/rotate', {}, { token })).status).toBe(405);
    const rotated = await api.post('/projects/acme%2Ftools/access_tokens/self/rotate', {}, { token });
    expect([rotated.status, rotated.body.name, rotated.body.access_level]).toEqual([200, 'b', 40]);
    expect((await api.post(`${path}/self/rotate`, {}, { token })).status).toBe(401);
    expect((await api.get('/personal_access_tokens/self', { token: rotated.body.token })).status).toBe(401);
  });

  test('is recorded in events without secrets, as are creation and revocation', async () => {
    const created = await api.post(`/projects/${project.id}/access_tokens`, { name: 'b', scopes: ['api'] });
    api.app.clock.advance(1);
    const rotated = await api.post(`/projects/${project.id}/access_tokens/${created.body.id}/rotate`);
    api.app.clock.advance(1);
    await api.del(`/projects/${project.id}/access_tokens/${rotated.body.id}`);
    const events = await eventsOf(api.app);
    expect(events).toMatchObject([
      { type: 'token_created', details: { token: created.body.id } },
      { type: 'token_rotated', details: { token: created.body.id, successor: rotated.body.id } },
      { type: 'token_revoked', details: { token: rotated.body.id } },
    ]);
    expect(JSON.stringify(events)).not.toContain('phat-');
  });
});
