import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import { eventDetails } from '../../kit/events.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let project: Project;
let base: string;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
  base = `/api/v4/projects/${project.id}/packages/generic`;
});

const put = (path: string, body: string, token = app.rootToken) =>
  app.send('PUT', base + path, { token, body });
const get = (path: string, headers: Record<string, string> = {}) =>
  app.send('GET', path, { token: app.rootToken, headers });

describe('generic packages', () => {
  test('an uploaded file is served byte for byte', async () => {
    const created = await put('/tool/1.0/tool.zip', 'bytes of the tool');
    expect(created.status).toBe(201);
    expect(await created.json()).toEqual({ message: '201 Created' });
    const answer = await get(`${base}/tool/1.0/tool.zip`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('bytes of the tool');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="tool.zip"');
    const sha256 = createHash('sha256').update('bytes of the tool').digest('hex');
    expect(answer.headers.get('x-checksum-sha256')).toBe(sha256);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('the project may be addressed by its encoded path, or by its path with plain slashes', async () => {
    await put('/tool/1.0/a.txt', 'a');
    for (const id of ['acme%2Ftools', 'acme/tools', 'ACME%2Ftools']) {
      const answer = await get(`/api/v4/projects/${id}/packages/generic/tool/1.0/a.txt`);
      expect([id, answer.status, await answer.text()]).toEqual([id, 200, 'a']);
    }
  });

  test('the group and the instance serve the files of their projects', async () => {
    await put('/tool/1.0/a.txt', 'a');
    for (const prefix of ['/api/v4/groups/acme/-/packages/generic', '/api/v4/packages/generic']) {
      const answer = await get(`${prefix}/tool/1.0/a.txt`);
      expect([prefix, answer.status, await answer.text()]).toEqual([prefix, 200, 'a']);
    }
  });

  test('select=package_file returns the attributes of the stored file', async () => {
    const answer = await put('/tool/1.0/dir/a.txt?select=package_file', 'abc');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      file_name: 'dir/a.txt',
      size: 3,
      file_md5: '900150983cd24fb0d6963f7d28e17f72',
      file_sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
    });
  });

  test('a file in directories is found with plain and with encoded slashes', async () => {
    await put('/tool/1.0/linux/amd64/tool', 'x');
    expect((await get(`${base}/tool/1.0/linux%2Famd64%2Ftool`)).status).toBe(200);
  });

  test('an invalid name, version or file name is rejected with the reason', async () => {
    const bad = [
      '/to%20ol/1.0/a',
      '/tool/1..0/a',
      '/tool/1.0/..%2F..%2Fetc',
      '/tool/1.0/~a',
      '/tool/1.0/a%00b',
      '/tool/1.0/a//b',
    ];
    for (const path of bad) {
      const answer = await put(path, 'x');
      expect([path, answer.status]).toEqual([path, 400]);
      expect(((await answer.json()) as { message: string }).message).toContain('is invalid');
    }
  });

  test('uploading the same name again is allowed, and the newest is served', async () => {
    await put('/tool/1.0/a.txt', 'one');
    app.clock.advance(1000);
    expect((await put('/tool/1.0/a.txt', 'two')).status).toBe(201);
    expect(await (await get(`${base}/tool/1.0/a.txt`)).text()).toBe('two');
  });

  test('a hidden package is served by its address', async () => {
    expect((await put('/tool/1.0/a.txt?status=hidden', 'x')).status).toBe(201);
    expect((await get(`${base}/tool/1.0/a.txt`)).status).toBe(200);
    expect((await put('/tool/1.0/a.txt?status=gone', 'x')).status).toBe(400);
  });

  test('the status counts on every upload, so that the last file can reveal a version', async () => {
    const listed = async () => {
      const list = await get(`/api/v4/projects/${project.id}/packages?status=default&package_version=`);
      return ((await list.json()) as { version: string }[]).map(({ version }) => version);
    };
    await put('/tool/1.0/a.txt?status=hidden', 'a');
    await put('/tool/1.0/b.txt', 'b');
    expect(await listed()).toEqual([]);
    expect((await put('/tool/1.0/c.txt?status=default', 'c')).status).toBe(201);
    expect(await listed()).toEqual(['1.0']);
    app.clock.advance(1000);
    await put('/tool/1.0/c.txt?status=hidden', 'c');
    expect(await listed()).toEqual([]);
    const added = await eventDetails(app.registry.table, 'generic', 'package_file_added');
    const changes = added.map((event) => (event as [string, object])[1]);
    expect(changes.filter((change) => 'before' in change)).toEqual([
      expect.objectContaining({ before: { status: 'hidden' }, after: { status: 'default' } }),
      expect.objectContaining({ before: { status: 'default' }, after: { status: 'hidden' } }),
    ]);
    for (const file of ['a', 'b', 'c']) {
      expect(await (await get(`${base}/tool/1.0/${file}.txt`)).text()).toBe(file);
    }
    expect(app.errors).toEqual([]);
  });

  test.each(['.1', '-1', '1.', '+', '_a'])('a version may be %j, as in GitLab', async (version) => {
    expect((await put(`/tool/${version}/a.txt`, 'x')).status).toBe(201);
    expect((await get(`${base}/tool/${version}/a.txt`)).status).toBe(200);
  });

  test('deleting a file, then the version, leaves nothing', async () => {
    await put('/tool/1.0/a.txt', 'one');
    await put('/tool/1.0/b.txt', 'two');
    expect((await app.send('DELETE', `${base}/tool/1.0/a.txt`, { token: app.rootToken })).status).toBe(204);
    expect((await get(`${base}/tool/1.0/a.txt`)).status).toBe(404);
    expect((await get(`${base}/tool/1.0/b.txt`)).status).toBe(200);
    expect((await app.send('DELETE', `${base}/tool/1.0`, { token: app.rootToken })).status).toBe(204);
    expect((await get(`${base}/tool/1.0/b.txt`)).status).toBe(404);
  });

  test('deleting the newest of several files with the same name restores the older one', async () => {
    await put('/tool/1.0/a.txt', 'one');
    await put('/tool/1.0/a.txt', 'two');
    await app.send('DELETE', `${base}/tool/1.0/a.txt`, { token: app.rootToken });
    expect(await (await get(`${base}/tool/1.0/a.txt`)).text()).toBe('one');
  });

  test('ranges, HEAD and conditional requests are supported', async () => {
    await put('/tool/1.0/a.txt', '0123456789');
    const part = await get(`${base}/tool/1.0/a.txt`, { range: 'bytes=2-4' });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ]);
    expect((await get(`${base}/tool/1.0/a.txt`, { range: 'bytes=10-' })).status).toBe(416);
    const head = await app.send('HEAD', `${base}/tool/1.0/a.txt`, { token: app.rootToken });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
    const again = await get(`${base}/tool/1.0/a.txt`, { 'if-none-match': head.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
  });

  test('multipart uploads are accepted if they have a file', async () => {
    const form = new FormData();
    form.set('file', new Blob(['from a form']), 'any-name');
    expect(
      (await app.send('PUT', `${base}/tool/1.0/a.txt`, { token: app.rootToken, body: form })).status,
    ).toBe(201);
    expect(await (await get(`${base}/tool/1.0/a.txt`)).text()).toBe('from a form');
    const empty = new FormData();
    empty.set('other', 'x');
    const refused = await app.send('PUT', `${base}/tool/1.0/b.txt`, { token: app.rootToken, body: empty });
    expect([refused.status, await refused.json()]).toEqual([400, { message: 'file is missing' }]);
  });

  test.each([
    ['inside its file', '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf a fi'],
    ['inside an ignored file', '--b\r\nContent-Disposition: form-data; name="x"; filename="a"\r\n\r\nha'],
  ])('a form that ends %s is rejected and leaves nothing', async (_where, body) => {
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const refused = await app.send('PUT', `${base}/tool/1.0/a.txt`, { token: app.rootToken, headers, body });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("The form can't be read: ");
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });

  test('callers get 401 without credentials, 404 without access, and 403 for writing with read access', async () => {
    await put('/tool/1.0/a.txt', 'x');
    const anonymous = await app.send('GET', `${base}/tool/1.0/a.txt`);
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('www-authenticate')).toBe('Basic realm="GitLab Packages Registry"');
    expect(anonymous.headers.get('x-registry-challenge')).toBe('Basic realm="GitLab Packages Registry"');
    const stranger = await app.user('stranger');
    expect((await app.send('GET', `${base}/tool/1.0/a.txt`, { token: stranger.token })).status).toBe(404);
    const reporter = await app.user('reporter', { level: levels.reporter, of: project });
    expect((await app.send('GET', `${base}/tool/1.0/a.txt`, { token: reporter.token })).status).toBe(200);
    expect((await put('/tool/1.0/b.txt', 'x', reporter.token)).status).toBe(403);
    expect((await app.send('GET', `${base}/tool/1.0/a.txt`, { token: 'no-such-token' })).status).toBe(401);
    expect(app.errors).toEqual([]);
  });

  describe('in a group that forbids duplicates', () => {
    const rule = (settings: object, group = 'acme') =>
      app.send('PUT', `/api/v4/groups/${encodeURIComponent(group)}/package_settings`, {
        token: app.rootToken,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(settings),
      });

    test('a second publish of a file is rejected with the reason, and the first bytes stay', async () => {
      expect((await rule({ generic_duplicates_allowed: false })).status).toBe(200);
      expect((await put('/tool/1.0/a.txt', 'one')).status).toBe(201);
      expect((await put('/tool/1.0/b.txt', 'another file')).status).toBe(201);
      const refused = await put('/tool/1.0/a.txt', 'two');
      expect([refused.status, await refused.json()]).toEqual([
        400,
        { message: 'Duplicate package is not allowed' },
      ]);
      expect(await (await get(`${base}/tool/1.0/a.txt`)).text()).toBe('one');
      expect((await app.registry.blobs.list()).blobs).toHaveLength(2);
    });

    test('exactly one of ten concurrent uploads of a file succeeds', async () => {
      await rule({ generic_duplicates_allowed: false });
      const tries = Array.from({ length: 10 }, (_, index) => put('/tool/1.0/a.txt', `try ${index}`));
      const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
      expect(statuses).toEqual([201, ...Array.from({ length: 9 }, () => 400)]);
      expect((await app.registry.blobs.list()).blobs).toHaveLength(1);
    });

    test('an exception inverts the rule for names and versions that it matches completely', async () => {
      await rule({
        generic_duplicates_allowed: false,
        generic_duplicate_exception_regex: '.*-SNAPSHOT|scratch',
      });
      const again = async (path: string) => {
        await put(path, 'one');
        return (await put(path, 'two')).status;
      };
      expect(await again('/tool/1.0-SNAPSHOT/a.txt')).toBe(201);
      expect(await again('/scratch/1.0/a.txt')).toBe(201);
      expect(await again('/scratchpad/1.0/a.txt')).toBe(400);
      expect(await again('/tool/1.0/a.txt')).toBe(400);
      await rule({ generic_duplicates_allowed: true, generic_duplicate_exception_regex: 'frozen' });
      expect(await again('/frozen/1.0/a.txt')).toBe(400);
      expect(await again('/other/1.0/a.txt')).toBe(201);
    });

    test('the nearest group with a rule decides', async () => {
      await rule({ generic_duplicates_allowed: false });
      const inner = await app.subgroup('inner');
      const there = await app.project('there', 'private', inner);
      const url = `/api/v4/projects/${there.id}/packages/generic/tool/1.0/a.txt`;
      const again = async () => (await app.send('PUT', url, { token: app.rootToken, body: 'x' })).status;
      expect([await again(), await again()]).toEqual([201, 400]);
      await rule({ generic_duplicates_allowed: true }, 'acme/inner');
      expect(await again()).toBe(201);
    });
  });
});

describe('forms', () => {
  const boundary = 'the-boundary';
  const start = [
    `--${boundary}`,
    'content-disposition: form-data; name="file"; filename="any-name"',
    'content-type: application/octet-stream',
    '',
    'the bytes',
  ].join('\r\n');

  const upload = (body: unknown) =>
    app.send('PUT', `${base}/tool/1.0/a.txt`, {
      token: app.rootToken,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body,
    });

  test.each([
    ['end inside the file', start, "The form can't be read"],
    ['have no file', `--${boundary}--`, 'file is missing'],
    ['have another field', `${start.replace('"file"', '"other"')}\r\n--${boundary}--\r\n`, 'file is missing'],
    ['end inside another field', start.replace('"file"', '"other"'), "The form can't be read"],
    ['are empty', '', "The form can't be read"],
  ])('are rejected and leave nothing when they %s', async (_case, body, reason) => {
    const answer = await upload(body);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(reason)]);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  test('are rejected and leave nothing when the connection breaks', async () => {
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(start));
      },
      pull(controller) {
        controller.error(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
      },
    });
    const answer = await upload(broken);
    expect([answer.status, await answer.text()]).toEqual([400, '{"message":"The upload ended early"}']);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });
});
