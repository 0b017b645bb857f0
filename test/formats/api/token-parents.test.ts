import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import { issuePersonalToken } from '../../../services/registry/accounts/issue-token.ts';
import { personalToken } from '../../kit/start-app.ts';
import { type Api, eventsOf, startApi } from './api-client.ts';

const DAY = 24 * 3600 * 1000;

let api: Api;
let project: Project;
/** A maintainer's token, which expires in ten days. */
let mia: { token: string };
beforeEach(async () => {
  api = await startApi();
  project = await api.app.project('tools');
  const { user } = await api.app.user('mia', { level: levels.maintainer, of: project });
  const expiresAt = Date.UTC(2026, 0, 12);
  const issued = await issuePersonalToken(api.app.registry, user, { name: 'm', scopes: ['api'], expiresAt });
  mia = { token: issued.secret };
});

const deployTokens = () => `/projects/${project.id}/deploy_tokens`;
const accessTokens = () => `/projects/${project.id}/access_tokens`;
const deploy = { name: 'ci', scopes: ['read_package_registry'] };
const bot = { name: 'bot', scopes: ['api'], access_level: 40, expires_at: '2026-12-01' };
const pulls = async (token: string) =>
  (await api.get(`/projects/${project.id}/packages`, { token })).status === 200;

/** A deploy token and a project token that mia made. */
async function made() {
  const one = await api.post(deployTokens(), deploy, mia);
  const two = await api.post(accessTokens(), bot, mia);
  expect([one.status, two.status]).toEqual([201, 201]);
  return [one.body, two.body] as const;
}

describe('a token that was made with another one', () => {
  test('ends when that one is revoked, and is listed as revoked', async () => {
    const [ci, robot] = await made();
    expect([await pulls(ci.token), await pulls(robot.token)]).toEqual([true, true]);
    await api.del('/personal_access_tokens/self', mia);
    expect([await pulls(ci.token), await pulls(robot.token)]).toEqual([false, false]);
    expect((await api.get(`${deployTokens()}/${ci.id}`)).body).toMatchObject({ revoked: true });
    expect((await api.get(`${accessTokens()}/${robot.id}`)).body).toMatchObject({
      revoked: true,
      active: false,
    });
    expect((await api.get(`${deployTokens()}?active=true`)).body).toEqual([]);
  });

  test('ends when that one expires, and shows no later expiry', async () => {
    const [ci, robot] = await made();
    expect([ci.expires_at, robot.expires_at]).toEqual(['2026-01-12T00:00:00.000Z', '2026-01-12']);
    expect((await api.get(`${deployTokens()}/${ci.id}`)).body.expires_at).toBe(ci.expires_at);
    api.app.clock.advance(Date.UTC(2026, 0, 12) - api.app.clock.now() - 1);
    expect([await pulls(ci.token), await pulls(robot.token)]).toEqual([true, true]);
    api.app.clock.advance(1);
    expect([await pulls(ci.token), await pulls(robot.token)]).toEqual([false, false]);
  });

  test('lives on when that one is rotated, until the successor ends', async () => {
    const [ci, robot] = await made();
    const rotated = await api.post('/personal_access_tokens/self/rotate', { expires_at: '2026-02-01' }, mia);
    expect(rotated.status).toBe(200);
    api.app.clock.advance(15 * DAY);
    expect([await pulls(ci.token), await pulls(robot.token)]).toEqual([true, true]);
    await api.del('/personal_access_tokens/self', { token: rotated.body.token });
    expect([await pulls(ci.token), await pulls(robot.token)]).toEqual([false, false]);
  });

  test('keeps its parent when it is rotated itself, and its own end ends nothing else', async () => {
    const [ci, robot] = await made();
    const path = `${accessTokens()}/self/rotate`;
    const next = await api.post(path, { expires_at: '2026-12-01' }, { token: robot.token });
    expect(next.body).toMatchObject({ parent_id: robot.parent_id });
    await api.del(`${accessTokens()}/${next.body.id}`);
    expect([await pulls(next.body.token), await pulls(ci.token)]).toEqual([false, true]);
    const other = (await api.post(accessTokens(), bot, mia)).body;
    const successor = await api.post(path, { expires_at: '2026-12-01' }, { token: other.token });
    await api.del('/personal_access_tokens/self', mia);
    expect(await pulls(successor.body.token)).toBe(false);
    expect((await api.post(path, {}, { token: successor.body.token })).status).toBe(401);
  });

  test('shows no later expiry than its parent when it is rotated', async () => {
    const [, robot] = await made();
    const rotated = await api.post(`${accessTokens()}/${robot.id}/rotate`, { expires_at: '2026-12-01' });
    const listed = await api.get(`${accessTokens()}/${rotated.body.id}`);
    expect([rotated.body.expires_at, listed.body.expires_at]).toEqual(['2026-01-12', '2026-01-12']);
  });

  test('lives as long as the row above when its first parent is rotated', async () => {
    const issued = await issuePersonalToken(api.app.registry, api.app.root, {
      ...{ name: 'admin', scopes: ['api'], expiresAt: Date.UTC(2026, 0, 12) },
    });
    const user = await api.app.user('bob', { level: levels.maintainer, of: project });
    const json = { name: 'b', scopes: ['api'], expires_at: '2026-03-01' };
    const own = await api.post(`/users/${user.user.id}/personal_access_tokens`, json, {
      token: issued.secret,
    });
    const ci = await api.post(deployTokens(), deploy, { token: own.body.token });
    expect(ci.body.expires_at).toBe('2026-01-12T00:00:00.000Z');
    await api.post(
      '/personal_access_tokens/self/rotate',
      { expires_at: '2026-02-01' },
      { token: issued.secret },
    );
    expect((await api.get(`${deployTokens()}/${ci.body.id}`)).body.expires_at).toBe(
      '2026-02-01T00:00:00.000Z',
    );
  });

  test('ends with every token in the row', async () => {
    const root = await personalToken(api.app.registry, api.app.root);
    const json = { name: 'admin', scopes: ['api'] };
    const path = `/users/${api.app.root.id}/personal_access_tokens`;
    const second = (await api.post(path, json, { token: root })).body;
    const third = (await api.post(path, json, { token: second.token })).body;
    const last = (await api.post(deployTokens(), deploy, { token: third.token })).body;
    expect(await pulls(last.token)).toBe(true);
    await api.del('/personal_access_tokens/self', { token: root });
    expect([await pulls(second.token), await pulls(third.token), await pulls(last.token)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('cannot make another one without end', async () => {
    let token = api.app.rootToken;
    const path = `/users/${api.app.root.id}/personal_access_tokens`;
    const statuses: number[] = [];
    for (let depth = 0; depth < 9; depth++) {
      const answer = await api.post(path, { name: 'n', scopes: ['api'] }, { token });
      statuses.push(answer.status);
      token = answer.body.token;
    }
    expect(statuses).toEqual([...Array(8).fill(201), 403]);
  });

  test('of a bot ends with the bot, when its membership and token go', async () => {
    const robot = (await api.post(accessTokens(), bot)).body;
    const ci = (await api.post(deployTokens(), deploy, { token: robot.token })).body;
    expect(await pulls(ci.token)).toBe(true);
    await api.del(`${accessTokens()}/${robot.id}`);
    expect(await pulls(ci.token)).toBe(false);
  });

  test('is not made once that one has been revoked, in whatever order the two arrive', async () => {
    const requests = [1, 2, 3, 4].map(() => api.post(deployTokens(), deploy, mia));
    const [revoked, ...answers] = await Promise.all([
      api.del('/personal_access_tokens/self', mia),
      ...requests,
    ]);
    expect(revoked.status).toBe(204);
    for (const { body, status } of answers) {
      expect([201, 401]).toContain(status);
      if (status === 201) expect(await pulls(body.token)).toBe(false);
    }
  });

  test('is recorded with its parent', async () => {
    const [ci] = await made();
    const created = (await eventsOf(api.app)).filter(({ type }) => type === 'token_created');
    expect(created).toContainEqual(
      expect.objectContaining({
        actor: expect.objectContaining({ name: 'mia' }),
        details: expect.objectContaining({ token: ci.id, parent: ci.parent_id }),
      }),
    );
  });
});

describe('independence', () => {
  test('is for an administrator with a token of their own to give', async () => {
    const robot = (await api.post(accessTokens(), { ...bot, access_level: 50 })).body;
    for (const caller of [mia, { token: robot.token as string }]) {
      const answer = await api.post(deployTokens(), { ...deploy, independent: true }, caller);
      expect([answer.status, answer.body.message]).toEqual([
        403,
        expect.stringContaining('only administrators'),
      ]);
    }
    expect((await api.post(accessTokens(), { ...bot, independent: true }, mia)).status).toBe(403);
    const root = await personalToken(api.app.registry, api.app.root);
    const ci = (await api.post(deployTokens(), { ...deploy, independent: true }, { token: root })).body;
    const own = (await api.post(accessTokens(), { ...bot, independent: true }, { token: root })).body;
    expect([ci.parent_id, ci.expires_at, own.parent_id]).toEqual([null, null, null]);
    await api.del('/personal_access_tokens/self', { token: root });
    expect([await pulls(ci.token), await pulls(own.token)]).toEqual([true, true]);
  });

  test('given to a token later leaves what it made with that token alone', async () => {
    const issued = await issuePersonalToken(api.app.registry, api.app.root, {
      ...{ name: 'admin', scopes: ['api'], expiresAt: Date.UTC(2026, 0, 12) },
    });
    const { user } = await api.app.user('bob', { level: levels.maintainer, of: project });
    const json = { name: 'b', scopes: ['api'], expires_at: '2026-03-01' };
    const own = await api.post(`/users/${user.id}/personal_access_tokens`, json, { token: issued.secret });
    const bob = { token: own.body.token };
    const before = await api.post(deployTokens(), deploy, bob);
    expect((await api.post(`/admin/tokens/${own.body.id}/release`)).status).toBe(204);
    const after = await api.post(deployTokens(), deploy, bob);
    const childless = await api.post(accessTokens(), bot, bob);
    await api.del('/personal_access_tokens/self', { token: issued.secret });
    for (const { body } of [before, after]) {
      expect((await api.get(`${deployTokens()}/${body.id}`)).body).toMatchObject({
        ...{ revoked: false, parent_id: own.body.id, expires_at: '2026-03-01T00:00:00.000Z' },
      });
      expect(await pulls(body.token)).toBe(true);
    }
    // A token that nothing was made with when it was released.
    expect((await api.post(`/admin/tokens/${childless.body.id}/release`)).status).toBe(204);
    expect(await pulls(childless.body.token)).toBe(true);
    await api.del('/personal_access_tokens/self', bob);
    const alive = await Promise.all([before, after, childless].map(({ body }) => pulls(body.token)));
    expect(alive).toEqual([false, false, true]);
  });

  test('can be given later by an administrator, while the token is valid', async () => {
    const [ci, robot] = await made();
    expect((await api.post(`/admin/tokens/${ci.id}/release`, {}, mia)).status).toBe(403);
    expect((await api.post('/admin/tokens/99999/release')).status).toBe(404);
    expect((await api.post(`/admin/tokens/${ci.id}/release`)).status).toBe(204);
    expect((await api.post(`/admin/tokens/${ci.id}/release`)).status).toBe(204);
    expect((await eventsOf(api.app)).filter(({ type }) => type === 'token_released')).toMatchObject([
      { details: { token: ci.id, kind: 'project-deploy' }, actor: { name: 'root' }, name: 'ci' },
    ]);
    await api.del('/personal_access_tokens/self', mia);
    expect([await pulls(ci.token), await pulls(robot.token)]).toEqual([true, false]);
    expect((await api.post(`/admin/tokens/${robot.id}/release`)).status).toBe(409);
    expect((await api.get(`${deployTokens()}/${ci.id}`)).body).toMatchObject({
      parent_id: null,
      expires_at: null,
    });
  });
});
