import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../services/domain/accounts.ts';
import type { Format } from '../../../services/http/format/format.ts';
import { formatApp } from '../../../services/http/format/format-app.ts';
import { allFormats } from '../../../services/runtime/families/all.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';
import { toy } from '../../kit/toy-format/format.ts';

/** Behaviour of a format with addresses unlike GitLab's that the fleet tests do not cover. */

let app: TestApp;
let project: Project;
let url: string;

beforeEach(async () => {
  app = await startApp({ formats: [...allFormats, toy] });
  project = await app.project('tools');
  url = `/toy2/p/${project.id}/files`;
});

const publish = (path: string, headers: Record<string, string> = { 'x-toy-key': app.rootToken }) =>
  app.send('PUT', path, { headers, body: Buffer.from('bytes') });

describe('a format with its own mounts', () => {
  test('is served at each of them', async () => {
    expect((await publish(`${url}/car/1.0/car.bin`)).status).toBe(201);
    for (const prefix of [
      url,
      '/toy2/p/acme%2Ftools/files',
      '/toy2/p/acme/tools/files',
      '/toy2/g/acme/files',
      '/toy2/groups/acme/-/files',
      '/toy2/files',
    ]) {
      const answer = await app.send('GET', `${prefix}/car/1.0/car.bin`, { token: app.rootToken });
      expect([prefix, answer.status, await answer.text()]).toEqual([prefix, 200, 'bytes']);
    }
    expect(app.errors).toEqual([]);
  });

  test("is not served at the addresses of GitLab's formats", async () => {
    await publish(`${url}/car/1.0/car.bin`);
    for (const prefix of [`/api/v4/projects/${project.id}/packages/toy2`, '/api/v4/packages/toy2']) {
      const answer = await app.send('GET', `${prefix}/car/1.0/car.bin`, { token: app.rootToken });
      expect([answer.status, await answer.json()]).toEqual([404, { error: '404 Not Found' }]);
    }
  });

  test('serves a discovery document at the root of the host, whatever the credentials', async () => {
    for (const credentials of [{}, { token: app.rootToken }, { token: 'wrong' }]) {
      const answer = await app.send('GET', '/.well-known/toy2.json', credentials);
      expect([answer.status, await answer.json()]).toEqual([200, { files: '/toy2/files/' }]);
    }
    const below = await app.send('GET', '/.well-known/toy2.json/car/1.0/car.bin', { token: app.rootToken });
    expect([below.status, await below.text()]).toEqual([404, 'toy: Not Found\n']);
    const beside = await app.send('GET', '/.well-known/other.json');
    expect([beside.status, await beside.json()]).toEqual([404, { error: '404 Not Found' }]);
  });

  test('sends a challenge for the requested path, in printable characters', async () => {
    const challenge = async (path: string) => {
      const answer = await app.send('GET', path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('x-registry-challenge')).toBe(answer.headers.get('www-authenticate'));
      return answer.headers.get('www-authenticate');
    };
    const realm = 'Toy realm="http://registry.test/.well-known/toy2.json"';
    expect(await challenge(`${url}/car/1.0/car.bin`)).toBe(`${realm}, scope="project:/car/1.0/car.bin"`);
    expect(await challenge('/toy2/g/acme/files/car/1.0/car.bin')).toBe(
      `${realm}, scope="group:/car/1.0/car.bin"`,
    );
    const odd: Format = { ...toy, challenge: () => 'Toy realm="ü\r\nset-cookie: a=b"' };
    const other = await startApp({ formats: [odd] });
    const answer = await other.send('GET', `${url}/car/1.0/car.bin`);
    const { status, headers } = answer;
    expect([status, headers.get('www-authenticate'), headers.get('set-cookie')]).toEqual([
      401,
      'Toy realm="?set-cookie: a=b"',
      null,
    ]);
  });

  test('accepts tokens in its own header, unless a shared header has one', async () => {
    const path = (version: string) => `${url}/car/${version}/car.bin`;
    expect((await publish(path('1.0'))).status).toBe(201);
    expect((await publish(path('1.1'), { 'x-toy-key': 'wrong' })).status).toBe(401);
    expect(
      (await publish(path('1.2'), { 'x-toy-key': 'wrong', 'private-token': app.rootToken })).status,
    ).toBe(201);
    expect((await publish(path('1.3'), { 'x-nuget-apikey': app.rootToken })).status).toBe(401);
  });

  test('serves a signed repository-wide index, with conditions and ranges, to callers who may read', async () => {
    const index = (document: string, headers = {}) =>
      app.send('GET', `${url}/-/index/${document}`, { token: app.rootToken, headers });
    expect((await index('InRelease')).status).toBe(404);
    await publish(`${url}/car/1.0/car.bin`);
    const answer = await index('apps/Packages');
    const text = await answer.text();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain']);
    expect(text).toMatch(/^Package: car\nVersion: 1.0\n/);
    const etag = answer.headers.get('etag') ?? '';
    expect((await index('apps/Packages', { 'if-none-match': etag })).status).toBe(304);
    const since = { 'if-modified-since': answer.headers.get('last-modified') };
    expect((await index('apps/Packages', since)).status).toBe(304);
    const part = await index('apps/Packages', { range: 'bytes=9-11' });
    expect([part.status, await part.text()]).toEqual([206, 'car']);
    expect(await (await index(`apps/by-hash/${etag.replaceAll('"', '')}`)).text()).toBe(text);
    expect(await (await index('InRelease')).text()).toContain('-----BEGIN PGP SIGNATURE-----');
    await publish(`${url}/van/1.0/van.bin`);
    expect((await index('apps/Packages', { 'if-none-match': etag })).status).toBe(200);
    expect((await index('apps/names')).status).toBe(404);
    expect((await index(`apps/${'x'.repeat(2000)}`)).status).toBe(404);
    expect((await app.send('GET', `${url}/-/index/InRelease`)).status).toBe(401);
    const group = await app.send('GET', '/toy2/g/acme/files/-/index/InRelease', { token: app.rootToken });
    expect(group.status).toBe(404);
    expect(app.errors).toEqual([]);
  });

  test('publishes sixty files of a version in one request, and only once', async () => {
    const texts = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${n}.bin`, `text ${n}`]));
    const publishAll = () =>
      app.send('POST', `${url}/truck/1.0`, {
        headers: { 'x-toy-key': app.rootToken },
        body: JSON.stringify(texts),
      });
    const outcomes = (await Promise.all([publishAll(), publishAll()])).map(({ status }) => status);
    expect(outcomes.sort()).toEqual([201, 409]);
    expect((await publishAll()).status).toBe(409);
    for (const prefix of [url, '/toy2/g/acme/files', '/toy2/files']) {
      for (const [fileName, text] of Object.entries(texts)) {
        const answer = await app.send('GET', `${prefix}/truck/1.0/${fileName}`, { token: app.rootToken });
        expect([fileName, await answer.text()]).toEqual([fileName, text]);
      }
    }
    const index = await app.send('GET', `${url}/-/index/InRelease`, { token: app.rootToken });
    expect(index.status).toBe(200);
    const gone = await app.send('DELETE', `${url}/truck/1.0`, { token: app.rootToken });
    expect(gone.status).toBe(204);
    expect((await app.send('GET', `${url}/truck/1.0/7.bin`, { token: app.rootToken })).status).toBe(404);
  });

  test('is rejected at startup when a mount names missing routes', () => {
    expect(() => formatApp({ ...toy, moreRoutes: {} })).toThrow(
      'toy2 has no routes discovery for /.well-known/toy2.json',
    );
  });
});
