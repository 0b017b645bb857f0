import { beforeEach, expect, test } from 'vitest';
import type { LogFields } from '../../../services/ports/log.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let lines: LogFields[];
beforeEach(async () => {
  lines = [];
  const info = (_message: string, fields: LogFields = {}) => void lines.push(fields);
  app = await startApp({ stores: { log: { debug() {}, info, error: info } } });
});

const logout = '/api/v4/packages/npm/-/user/token';

test('a token in a path is not logged', async () => {
  await app.send('DELETE', `${logout}/${app.rootToken}`);
  await app.send('DELETE', `${logout}/x${encodeURIComponent(`:${app.rootToken}`)}`);
  expect(lines.map(({ path }) => path)).toEqual([`${logout}/[token]`, `${logout}/[token]`]);
});

test('a token of unknown form in a path is not logged if it is the credential of the request', async () => {
  const token = 'chosen/by a person';
  await app.send('DELETE', `${logout}/${encodeURIComponent(token)}`, { token });
  expect(lines.map(({ path }) => path)).toEqual([`${logout}/[token]`]);
});

test('other paths are logged unchanged', async () => {
  const path = '/api/v4/projects/acme%2Ftools/packages/npm/@acme%2Fphat-client';
  await app.send('PUT', path, { token: app.rootToken, body: '{}' });
  expect(lines.map((line) => line.path)).toEqual([path]);
});
