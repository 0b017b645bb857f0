import { beforeEach, expect, test } from 'vitest';
import type { LogFields } from '../../../services/ports/log.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let lines: LogFields[];
beforeEach(async () => {
  lines = [];
  const info = (message: string, fields: LogFields = {}) => {
    if (message === 'request') lines.push(fields);
  };
  app = await startApp({ stores: { log: { debug() {}, info, error: info } } });
});

const npm = '/api/v4/packages/npm';

test('a request is logged with the template of its route, not with its path', async () => {
  const project = '/api/v4/projects/acme%2Ftools';
  await app.send('DELETE', `${npm}/-/user/token/chosen%2Fby%20a%20person`);
  await app.send('PUT', `${project}/packages/npm/@acme%2Fphat-client`, { token: app.rootToken, body: '{}' });
  await app.send('PUT', `${project}/packages/generic/tool/1.0/a/b.txt`, { token: app.rootToken });
  await app.send('POST', `${project}/access_tokens`, { token: app.rootToken });
  expect(lines.map(({ route }) => route)).toEqual([
    `${npm}/-/user/token/:token`,
    '/api/v4/projects/:id/packages/npm/:name',
    '/api/v4/projects/:id/packages/generic/:name/:version/:file',
    '/api/v4/projects/:id/access_tokens',
  ]);
  expect(lines.some((line) => 'path' in line)).toBe(false);
});

test('a request that matches no route is logged with the mount only', async () => {
  await app.send('PATCH', `${npm}/${app.rootToken}/x/y/z`);
  await app.send('PATCH', `/elsewhere/${app.rootToken}`);
  expect(lines.map(({ route }) => route)).toEqual([`${npm}/*`, '/*']);
});
