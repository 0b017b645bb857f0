import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../../services/domain/accounts.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { allFormats } from '../../../../services/runtime/families/all.ts';
import { jar } from '../../../kit/maven-repository.ts';
import { named } from '../../../kit/names.ts';
import { startApp, type TestApp, URL_BASE } from '../../../kit/start-app.ts';
import { toy } from '../../../kit/toy-format/format.ts';

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

/** Uploads a file; returns the status, and whether the body was read. */
function put(path: string, bytes: Uint8Array, options: { token?: string; length?: number } = {}) {
  return upload('PUT', `/api/v4/projects/${project.id}/packages${path}`, bytes, options);
}

async function upload(
  method: string,
  path: string,
  bytes: Uint8Array,
  options: { token?: string; length?: number } = {},
) {
  let read = false;
  async function* body() {
    read = true;
    yield bytes;
  }
  const { token = app.rootToken, length = bytes.byteLength } = options;
  const headers = { authorization: `Bearer ${token}`, 'content-length': String(length) };
  const { status } = await app.app(new Request(URL_BASE + path, { method, headers }), { body });
  return { status, read };
}

const [old, other] = [Buffer.from('old bytes'), Buffer.from('other bytes, and more')];

describe('a rule against duplicate files', () => {
  const path = '/generic/tool/1.0/a.bin';

  test('refuses a duplicate before its body is read', async () => {
    await setRules({ generic_duplicates_allowed: false });
    expect(await put(path, old)).toEqual({ status: 201, read: true });
    expect(await put(path, other)).toEqual({ status: 400, read: false });
    expect(await put(path, old)).toEqual({ status: 400, read: false });
    expect(await put('/generic/tool/1.0/b.bin', other)).toEqual({ status: 201, read: true });
    await setRules({ generic_duplicate_exception_regex: 'tool' });
    expect(await put(path, other)).toEqual({ status: 201, read: true });
  });

  test('takes a stored exception that repeats too much for one that matches nothing, and logs it', async () => {
    const exceptions = '(?:\\pL?){999}'.repeat(18);
    await app.registry.table.write([
      {
        update: keys.group(app.group.id),
        set: { settings: { duplicates: { generic: { allowed: false, exceptions } } } },
      },
    ]);
    expect(await put(path, old)).toEqual({ status: 201, read: true });
    expect(await put(path, other)).toEqual({ status: 400, read: false });
    expect(app.errors).toEqual([
      {
        message: 'an exception to a rule on duplicates is ignored',
        expression: exceptions,
        reason: 'it repeats too much: numbers of repetitions must be smaller',
      },
    ]);
  });

  test('does not reveal to a user without access whether a file exists', async () => {
    await setRules({ generic_duplicates_allowed: false });
    await put(path, old);
    const { token } = await app.user('stranger');
    expect(await put(path, other, { token })).toEqual({ status: 404, read: false });
    expect(await put('/generic/tool/1.0/b.bin', other, { token })).toEqual({ status: 404, read: false });
  });

  test('allows a file again once its version is removed', async () => {
    app = await startApp({ settings: { retention: 60_000 } });
    project = await app.project('tools');
    await setRules({ generic_duplicates_allowed: false });
    await put(path, old);
    const url = `/api/v4/projects/${project.id}/packages/generic/tool/1.0`;
    expect((await app.send('DELETE', url, { token: app.rootToken })).status).toBe(204);
    expect(await put(path, other)).toEqual({ status: 201, read: true });
  });

  test('allows equal bytes in Maven, and refuses other bytes before reading if their length differs', async () => {
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

describe('the rule that a version must be new', () => {
  const files = Buffer.from(JSON.stringify({ 'a.bin': 'bytes' }));
  const post = (version: string, token = app.rootToken) =>
    upload('POST', `/toy2/p/${project.id}/files/tool/${version}`, files, { token });

  beforeEach(async () => {
    app = await startApp({ formats: [...allFormats, toy] });
    project = await app.project('tools');
  });

  test('refuses an existing version in the address before the body is read', async () => {
    expect(await post('1.0')).toEqual({ status: 201, read: true });
    expect(await post('1.0')).toEqual({ status: 409, read: false });
    expect(await post('1.1')).toEqual({ status: 201, read: true });
  });

  test('does not reveal to a user without access whether the version exists', async () => {
    await post('1.0');
    const { token } = await app.user('stranger');
    expect(await post('1.0', token)).toEqual({ status: 404, read: false });
    expect(await post('1.1', token)).toEqual({ status: 404, read: false });
  });

  test('ignores an abandoned publish, which the next one undoes', async () => {
    await post('1.0');
    const ref = { projectId: project.id, format: toy.id, name: named.package('tool') };
    const key = keys.version(ref, named.version('1.0'));
    const changed = async (set: Record<string, string>) => app.registry.table.write([{ update: key, set }]);
    await changed({ claim: 'open' });
    expect(await post('1.0')).toEqual({ status: 409, read: false });
    app.clock.advance(61_000);
    expect(await post('1.0')).toEqual({ status: 201, read: true });
  });
});

test('a rule that changes during an upload is checked again before anything is stored', async () => {
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
