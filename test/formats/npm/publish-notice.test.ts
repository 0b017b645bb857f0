import { beforeEach, describe, expect, test } from 'vitest';
import { npmPackage, npmPrefix } from '../../kit/npm-package.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

const hint = ' This registry takes small files only.';

let app: TestApp;
let base: string;
let path: string;
beforeEach(async () => {
  app = await startApp({ settings: { bodyLimit: { bytes: 1_000_000, hint } } });
  base = npmPrefix.project((await app.project('tools')).id);
  const { document, path: published } = await npmPackage();
  path = published;
  const put = await app.send('PUT', base + path, { token: app.rootToken, body: JSON.stringify(document) });
  expect([put.status, put.headers.get('npm-notice')]).toEqual([200, null]);
});

const get = (headers: Record<string, string>, where = path) =>
  app.send('GET', base + where, { token: app.rootToken, headers });

describe('a client that is about to publish on a host with a size limit', () => {
  test.each([
    ['a version of a package', () => path, 200],
    ['a new package', () => '/new', 404],
  ])(
    'gets an uncacheable notice for %s, since npm does not show notices of cached answers',
    async (_case, where, status) => {
      const answer = await get({ 'npm-command': 'publish' }, where());
      expect([answer.status, answer.headers.get('npm-notice')]).toEqual([status, hint.trim()]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  test('gets the notice even if it has the packument already', async () => {
    const etag = (await get({})).headers.get('etag') ?? '';
    expect((await get({ 'if-none-match': etag })).status).toBe(304);
    const answer = await get({ 'if-none-match': etag, 'npm-command': 'publish' });
    expect([answer.status, answer.headers.get('npm-notice')]).toEqual([200, hint.trim()]);
  });

  test('is the only client that gets the notice', async () => {
    for (const headers of [{}, { 'npm-command': 'install' }] as Record<string, string>[]) {
      const answer = await get(headers);
      expect([answer.status, answer.headers.get('npm-notice')]).toEqual([200, null]);
    }
  });
});

test('a host without a size limit sends no notice', async () => {
  const other = await startApp();
  const project = await other.project('tools');
  const answer = await other.send('GET', `${npmPrefix.project(project.id)}/new`, {
    token: other.rootToken,
    headers: { 'npm-command': 'publish' },
  });
  expect([answer.status, answer.headers.get('npm-notice')]).toEqual([404, null]);
});
