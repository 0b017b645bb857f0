import { beforeEach, expect, test } from 'vitest';
import type { Project } from '../../../services/domain/accounts.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let project: Project;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
});

/** Names that every object answers to, though nobody has set them. */
const inherited = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__', '__defineGetter__'];

const requests: readonly (readonly [method: string, path: () => string, body: object, status: number])[] = [
  ['POST', () => '/projects', { name: 'A', path: 'a' }, 201],
  ['PUT', () => `/projects/${project.id}`, { description: 'new' }, 200],
  ['POST', () => '/groups', { name: 'B', path: 'b' }, 201],
  ['PUT', () => `/groups/${app.group.id}`, { description: 'new' }, 200],
  ['PUT', () => `/groups/${app.group.id}/package_settings`, { maven_duplicates_allowed: false }, 400],
  ['POST', () => `/projects/${project.id}/members`, { user_id: 2, access_level: 30 }, 201],
  ['POST', () => `/groups/${app.group.id}/members`, { user_id: 2, access_level: 30 }, 201],
  ['POST', () => '/users', { username: 'ann', name: 'Ann', email: 'ann@example.com' }, 201],
];

test.each(requests)(
  '%s %s takes parameters that are named like inherited properties for unknown ones',
  async (...request) => {
    const [method, path, body, status] = request;
    await app.user('bob');
    const entries = [...Object.entries(body), ...inherited.map((name) => [name, null] as const)];
    const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
    const answer = await app.send(method, `/api/v4${path()}`, {
      token: app.rootToken,
      headers: { 'content-type': 'application/json' },
      body: json,
    });
    expect([answer.status, app.errors]).toEqual([status, []]);
  },
);

test('a user named like an inherited property is named in the error if it cannot be added as a member', async () => {
  const { user } = await app.user('__proto__');
  const body = { user_id: `${user.id},${app.root.id}`, access_level: 50 };
  const add = () =>
    app.send('POST', `/api/v4/groups/${app.group.id}/members`, {
      token: app.rootToken,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await add();
  const again = (await (await add()).json()) as { message: object };
  expect(Object.keys(again.message)).toEqual(['__proto__', 'root']);
});
