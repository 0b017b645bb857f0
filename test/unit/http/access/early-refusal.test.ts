import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../../services/domain/accounts.ts';
import { jar } from '../../../kit/maven-repository.ts';
import { startApp, type TestApp, URL_BASE } from '../../../kit/start-app.ts';

let app: TestApp;
let project: Project;

beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
});

async function setRules(rules: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await app.send('PUT', '/api/v4/groups/acme/package_settings', {
    token: app.rootToken,
    headers,
    body: JSON.stringify(rules),
  });
  expect(answer.status).toBe(200);
}

/** Sends a file; answers the status, and whether a byte of it was read. */
async function put(path: string, bytes: Uint8Array, options: { token?: string; length?: number } = {}) {
  let read = false;
  async function* body() {
    read = true;
    yield bytes;
  }
  const { token = app.rootToken, length = bytes.byteLength } = options;
  const headers = { authorization: `Bearer ${token}`, 'content-length': String(length) };
  const url = `${URL_BASE}/api/v4/projects/${project.id}/packages${path}`;
  const { status } = await app.app(new Request(url, { method: 'PUT', headers }), { body });
  return { status, read };
}

const [old, other] = [Buffer.from('old bytes'), Buffer.from('other bytes, and more')];

describe('a file that may not be published again', () => {
  const path = '/generic/tool/1.0/a.bin';

  test('is refused before a byte of it is read', async () => {
    await setRules({ generic_duplicates_allowed: false });
    expect(await put(path, old)).toEqual({ status: 201, read: true });
    expect(await put(path, other)).toEqual({ status: 400, read: false });
    expect(await put(path, old)).toEqual({ status: 400, read: false });
    expect(await put('/generic/tool/1.0/b.bin', other)).toEqual({ status: 201, read: true });
    await setRules({ generic_duplicate_exception_regex: 'tool' });
    expect(await put(path, other)).toEqual({ status: 201, read: true });
  });

  test('is not told of to somebody who may not publish', async () => {
    await setRules({ generic_duplicates_allowed: false });
    await put(path, old);
    const { token } = await app.user('stranger');
    expect(await put(path, other, { token })).toEqual({ status: 404, read: false });
    expect(await put('/generic/tool/1.0/b.bin', other, { token })).toEqual({ status: 404, read: false });
  });

  test('may be published once the version it was of is removed', async () => {
    app = await startApp({ settings: { retention: 60_000 } });
    project = await app.project('tools');
    await setRules({ generic_duplicates_allowed: false });
    await put(path, old);
    const url = `/api/v4/projects/${project.id}/packages/generic/tool/1.0`;
    expect((await app.send('DELETE', url, { token: app.rootToken })).status).toBe(204);
    expect(await put(path, other)).toEqual({ status: 201, read: true });
  });

  test('is read where the same bytes again are no duplicate, unless its length says that they are others', async () => {
    await setRules({ maven_duplicates_allowed: false });
    const maven = '/maven/com/example/app/1.0/app-1.0.jar';
    const bytes = jar({ artifactId: 'app', content: 'one' });
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] = 1;
    expect(await put(maven, bytes)).toEqual({ status: 200, read: true });
    expect(await put(maven, bytes)).toEqual({ status: 200, read: true });
    expect(await put(maven, other)).toEqual({ status: 400, read: false });
    expect(await put(`${maven}.md5`, Buffer.from('0'.repeat(32)))).toEqual({ status: 409, read: true });
    expect((await put('/maven/com/example/app/maven-metadata.xml', other)).status).toBe(200);
  });
});

test('a rule that changes while the body comes in is asked again before anything is stored', async () => {
  const path = '/generic/tool/1.0/a.bin';
  await put(path, old);
  let changed = false;
  async function* body() {
    yield other;
    await setRules({ generic_duplicates_allowed: false });
    changed = true;
  }
  const headers = { authorization: `Bearer ${app.rootToken}` };
  const url = `${URL_BASE}/api/v4/projects/${project.id}/packages${path}`;
  const answer = await app.app(new Request(url, { method: 'PUT', headers }), { body });
  expect([answer.status, changed]).toEqual([400, true]);
  expect((await app.registry.blobs.list()).blobs).toHaveLength(1);
});
