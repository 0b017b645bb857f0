import { beforeEach, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});

/** More bytes than a key of the table can have. */
const long = 'a'.repeat(1100);

test.each([
  ['a project', `/projects/${long}`],
  ['a group', `/groups/${long}`],
  ['a namespace', `/namespaces/${long}`],
  ['a user', `/users/${long}/projects`],
  ['the packages of a project', `/projects/${long}/packages/npm/left-pad`],
  ['the packages of a group', `/groups/${long}/-/packages/npm/left-pad`],
])('%s with a path that is too long for the table is not found', async (_case, path) => {
  const response = await app.send('GET', `/api/v4${path}`, { token: app.rootToken });
  expect(response.status).toBe(404);
  expect(app.errors).toEqual([]);
});

test('a path that is too long for the table is free, and no user has it', async () => {
  const json = async (path: string) =>
    (await app.send('GET', `/api/v4${path}`, { token: app.rootToken })).json();
  expect(await json(`/namespaces/${long}/exists`)).toEqual({ exists: false, suggests: [] });
  expect(await json(`/users?username=${long}`)).toEqual([]);
});
