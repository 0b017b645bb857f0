import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../../services/domain/accounts.ts';
import { type LinkingStore, linkingStore } from '../../../kit/linking-store.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;
let store: LinkingStore;
let project: Project;
beforeEach(async () => {
  store = linkingStore(() => app.clock.now());
  app = await startApp({ settings: { proxyBelow: 4 }, stores: { blobs: store } });
  project = await app.project('tools');
});

const urlOf = (file: string) => `/api/v4/projects/${project.id}/packages/generic/tool/1.0/${file}`;

async function put(file: string, body: string): Promise<void> {
  const answer = await app.send('PUT', urlOf(file), { token: app.rootToken, body });
  expect(answer.status).toBe(201);
}

const get = (file: string, headers: Record<string, string> = {}) =>
  app.send('GET', urlOf(file), { token: app.rootToken, headers });

describe('a redirect', () => {
  test('leads to the blob for a limited time under the name of the file, and must not be cached', async () => {
    await put('dir/a+b.txt', 'some bytes');
    const answer = await get('dir/a+b.txt');
    expect([answer.status, await answer.text()]).toEqual([302, '']);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    for (const name of ['etag', 'last-modified', 'content-disposition']) {
      expect(answer.headers.get(name)).toBeNull();
    }
    const [blob] = (await store.list()).blobs;
    expect(store.links).toEqual([
      {
        key: blob?.key,
        options: {
          method: 'GET',
          lifetime: 600,
          contentType: 'application/octet-stream',
          contentDisposition: 'attachment; filename="a+b.txt"',
          cacheControl: 'private, max-age=0, must-revalidate',
        },
      },
    ]);
    const location = answer.headers.get('location') ?? '';
    expect(location).toContain(blob?.key);
    expect(location).not.toContain(app.rootToken);
    expect(await (await store.follow(location, new Headers())).text()).toBe('some bytes');
  });

  test('is not used for small files, for clients that mishandle it, or if the client requests a proxy', async () => {
    await put('small.txt', 'tiny');
    expect((await get('small.txt')).status).toBe(200);
    await put('large.txt', 'large enough');
    expect((await get('large.txt', { 'user-agent': 'Wget/1.21.3' })).status).toBe(200);
    expect((await get('large.txt')).status).toBe(302);
    expect((await get('large.txt?download_mode=proxy')).status).toBe(200);
  });

  test('is not used with If-Modified-Since, because the bytes may be older than the file', async () => {
    await put('other.txt', 'old bytes');
    app.clock.advance(3_600_000);
    await put('file.txt', 'first bytes');
    const seen = (await app.send('HEAD', urlOf('file.txt'), { token: app.rootToken })).headers;
    app.clock.advance(3_600_000);
    await put('file.txt', 'old bytes');
    const answer = await get('file.txt', { 'if-modified-since': seen.get('last-modified') ?? '' });
    expect([answer.status, await answer.text()]).toEqual([200, 'old bytes']);
  });

  test('is not used when a client resumes a download with the ETag of the store', async () => {
    await put('file.txt', 'some bytes');
    const first = await store.follow((await get('file.txt')).headers.get('location') ?? '', new Headers());
    const headers = { range: 'bytes=5-', 'if-range': first.headers.get('etag') ?? '' };
    const answer = await get('file.txt', headers);
    expect([answer.status, await answer.text()]).toEqual([200, 'some bytes']);
  });
});

test('a missing blob is reported as a failure of the store, not of the client', async () => {
  await put('lost.txt', 'bytes that get lost');
  await store.delete((await store.list()).blobs.map(({ key }) => key));
  const answer = await get('lost.txt?download_mode=proxy');
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
});
