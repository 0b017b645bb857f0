import { beforeEach, describe, expect, test } from 'vitest';
import type { Group } from '../../../services/domain/accounts.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let stranger: string;
beforeEach(async () => {
  app = await startApp();
  stranger = (await app.user('stranger')).token;
  await app.project('closed');
});

/** More characters than any full path has, and more than a key of the table can have. */
const tooLong = ['a'.repeat(1001), 'a'.repeat(1100), `acme/${'a'.repeat(5000)}`, '%23'.repeat(400)].map(
  (path) => path.replaceAll('/', '%2F'),
);

interface Sent {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(path: string, { method = 'GET', token, body, headers }: Sent = {}): Promise<Response> {
  return app.send(method, `/api/v4${path}`, {
    ...(token !== undefined && { token }),
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** The addresses of things whose path is a parameter. */
const addresses = [
  '/projects/:path',
  '/projects/:path/packages',
  '/projects/:path/packages/1/package_files',
  '/projects/:path/members',
  '/projects/:path/members/1',
  '/projects/:path/access_tokens',
  '/projects/:path/deploy_tokens',
  '/groups/:path',
  '/groups/:path/projects',
  '/groups/:path/subgroups',
  '/groups/:path/packages',
  '/groups/:path/members',
  '/groups/:path/package_settings',
  '/namespaces/:path',
  '/users/:path/projects',
  '/users/:path',
];

describe('a path that no user, group or project can have', () => {
  test.each(addresses)('is answered like one that nobody has: %s', async (address) => {
    for (const token of [undefined, stranger, app.rootToken]) {
      const facts = async (path: string) => {
        const answer = await send(address.replace(':path', path), { token });
        return [answer.status, await answer.text()];
      };
      const absent = await facts('acme%2Fabsent');
      // Anonymous callers are not told which users there are: the list is empty.
      const listed = address === '/users/:path/projects' && token === undefined;
      if (!listed) expect(absent[0]).toBeGreaterThanOrEqual(400);
      for (const path of tooLong) expect(await facts(path)).toEqual(absent);
    }
    expect(app.errors).toEqual([]);
  });

  test('is free, though too long to be suggested', async () => {
    for (const path of tooLong) {
      const answer = await send(`/namespaces/${path}/exists`, { token: app.rootToken });
      expect(await answer.json()).toEqual({ exists: false, suggests: [] });
    }
  });

  test('is that of no user to find, to act as, or to add as a member', async () => {
    for (const username of tooLong.filter(({ length }) => length < 2000)) {
      const users = await send(`/users?username=${username}`, { token: app.rootToken });
      expect(await users.json()).toEqual([]);
      const sudo = await send(`/user?sudo=${username}`, { token: app.rootToken });
      expect(sudo.status).toBe(404);
      const acting = await send('/user', { token: app.rootToken, headers: { sudo: username } });
      expect(acting.status).toBe(404);
      for (const name of [decodeURIComponent(username), username, '\ud800']) {
        const body = { username: name, access_level: 30 };
        const member = await send('/projects/acme%2Fclosed/members', {
          method: 'POST',
          token: app.rootToken,
          body,
        });
        expect(member.status).toBe(404);
      }
    }
    expect(app.errors).toEqual([]);
  });
});

describe('the longest path', () => {
  const segment = 'a'.repeat(255);

  /** Makes groups whose full path has 1,000 characters less the slash and name of what is to be made in the last. */
  async function nest(left: number): Promise<Group> {
    let group = app.group;
    for (const path of [segment, segment, segment]) group = await app.subgroup(path, 'public', group);
    const last = await app.subgroup('b'.repeat(1000 - group.fullPath.length - 2 - left), 'public', group);
    expect(last.fullPath.length).toBe(1000 - left - 1);
    return last;
  }

  test('of a project or group works, and one character more is refused', async () => {
    const parent = await nest(50);
    const token = app.rootToken;
    for (const [collection, key] of [
      ['projects', 'namespace_id'],
      ['groups', 'parent_id'],
    ] as const) {
      const create = (path: string) =>
        send(`/${collection}`, { method: 'POST', token, body: { name: 'Last', path, [key]: parent.id } });
      const path = collection[0]?.repeat(50) ?? '';
      const made = await create(path);
      expect(made.status).toBe(201);
      const { id } = (await made.json()) as { id: number };
      const found = await send(`/${collection}/${encodeURIComponent(`${parent.fullPath}/${path}`)}`, {
        token,
      });
      expect([found.status, ((await found.json()) as { id: number }).id]).toEqual([200, id]);

      const limit = expect.stringContaining('at most 1000 characters');
      const refused = await create(`${path}a`);
      expect([refused.status, await refused.text()]).toEqual([400, limit]);
      const moved = await send(`/${collection}/${id}`, { method: 'PUT', token, body: { path: `${path}a` } });
      expect([moved.status, await moved.text()]).toEqual([400, limit]);
    }
    expect(app.errors).toEqual([]);
  });

  test('of one segment has 255 characters', async () => {
    const token = app.rootToken;
    const create = (collection: string, path: string, more: object = {}) =>
      send(`/${collection}`, { method: 'POST', token, body: { name: 'A', path, ...more } });
    for (const [collection, more] of [
      ['groups', {}],
      ['projects', { namespace_id: app.group.id }],
    ] as const) {
      expect((await create(collection, segment, more)).status).toBe(201);
      expect((await create(collection, `${segment}a`, more)).status).toBe(400);
    }
    const user = (username: string) =>
      send('/users', { method: 'POST', token, body: { username, name: 'A', email: 'a@example.com' } });
    expect((await user('u'.repeat(255))).status).toBe(201);
    expect((await user('u'.repeat(256))).status).toBe(400);
    expect(app.errors).toEqual([]);
  });
});
