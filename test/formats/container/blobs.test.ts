import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../services/domain/accounts.ts';
import { sweep } from '../../../services/jobs/sweep.ts';
import { checkStorage } from '../../../services/registry/maintenance/check/check-storage.ts';
import { codesIn, digestOf, repositoryClient } from '../../kit/container-registry.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let project: Project;
let repository: ReturnType<typeof repositoryClient>;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
  repository = repositoryClient(app, 'acme/tools/app');
});

async function start(query = ''): Promise<string> {
  const answer = await repository.send('POST', `${repository.base}/blobs/uploads/${query}`);
  expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-0']);
  const location = answer.headers.get('location') ?? '';
  expect(location.endsWith(answer.headers.get('docker-upload-uuid') ?? '?')).toBe(true);
  return location;
}

const patch = (location: string, body: string, range?: string) =>
  repository.send('PATCH', location, { body, headers: { ...(range && { 'content-range': range }) } });

const finish = (location: string, digest: string, body?: string, range?: string) =>
  repository.send('PUT', `${location}?digest=${digest}`, {
    ...(body !== undefined && { body }),
    headers: { ...(range && { 'content-range': range }) },
  });

const stored = async () => (await app.registry.blobs.list()).blobs.length;
const problems = async () => (await checkStorage(app.registry, { verify: true, concurrency: 2 })).problems;

describe('a blob', () => {
  test.each(['sha256', 'sha512'])('is pushed in one request and read in parts, by %s', async (algorithm) => {
    const digest = digestOf('some bytes', algorithm);
    const created = await repository.pushBlob('some bytes', digest);
    expect([created.status, created.headers.get('docker-content-digest')]).toEqual([201, digest]);
    const answer = await repository.send('GET', created.headers.get('location') ?? '');
    expect([answer.status, await answer.text()]).toEqual([200, 'some bytes']);
    const part = await repository.get(`/blobs/${digest}`, { range: 'bytes=5-' });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      'bytes',
      'bytes 5-9/10',
    ]);
    expect((await repository.get(`/blobs/${digest}`, { range: 'bytes=7-3' })).status).toBe(416);
    const head = await repository.head(`/blobs/${digest}`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    expect(await problems()).toEqual([]);
  });

  test('is pushed in chunks, whose last one may come with the end', async () => {
    const location = await start();
    const first = await patch(location, 'one ', '0-3');
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-3']);
    const status = await repository.send('GET', location);
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-3']);
    expect((await patch(location, 'two ', '4-7')).status).toBe(202);
    const done = await finish(location, digestOf('one two three'), 'three', '8-12');
    expect(done.status).toBe(201);
    expect(await (await repository.get(`/blobs/${digestOf('one two three')}`)).text()).toBe('one two three');
    expect((await repository.send('GET', location)).status).toBe(404);
    expect([await stored(), await problems()]).toEqual([1, []]);
  });

  test('is pushed in one chunk without a length, as Docker does', async () => {
    const location = await start();
    async function* chunks() {
      yield new TextEncoder().encode('a layer');
    }
    const sent = await repository.send('PATCH', location, { body: ReadableStream.from(chunks()) });
    expect([sent.status, sent.headers.get('range')]).toEqual([202, '0-6']);
    expect((await finish(location, digestOf('a layer'))).status).toBe(201);
    expect([await stored(), await problems()]).toEqual([1, []]);
  });

  test('gets 416 with the current offset for chunks out of order, and can go on', async () => {
    const location = await start();
    await patch(location, 'one ', '0-3');
    for (const [body, range] of [
      ['three', '8-12'],
      ['one ', '0-3'],
      ['two', '4-9'],
    ] as const) {
      const refused = await patch(location, body, range);
      expect([range, refused.status]).toEqual([range, 416]);
    }
    const refused = await finish(location, digestOf('one two'), 'two', '5-7');
    expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-3']);
    expect(refused.headers.get('location')).toBe(location);
    expect((await finish(location, digestOf('one two'), 'two', '4-6')).status).toBe(201);
    expect([await stored(), await problems()]).toEqual([1, []]);
  });

  test.each([
    ['in one request', async (digest: string) => repository.pushBlob('other', digest)],
    ['in one chunk', async (digest: string) => finish(await start(), digest, 'other')],
    [
      'in two chunks',
      async (digest: string) => {
        const location = await start();
        await patch(location, 'ot');
        return finish(location, digest, 'her');
      },
    ],
  ])('is refused with another digest and leaves nothing, pushed %s', async (_, push) => {
    const answer = await push(digestOf('expected'));
    expect([answer.status, await codesIn(answer)]).toEqual([400, ['DIGEST_INVALID']]);
    expect((await repository.head(`/blobs/${digestOf('expected')}`)).status).toBe(404);
    expect([await stored(), await problems()]).toEqual([0, []]);
  });

  test('can be empty', async () => {
    expect((await finish(await start(), digestOf(''))).status).toBe(201);
    expect((await repository.get(`/blobs/${digestOf('')}`)).headers.get('content-length')).toBe('0');
  });

  test('is stored once, whatever is pushed at the same time, and to however many repositories', async () => {
    const pushes = Array.from({ length: 8 }, (_, n) =>
      repositoryClient(app, `acme/tools/app${n % 3}`).pushBlob('the same layer'),
    );
    for (const { status } of await Promise.all(pushes)) expect(status).toBe(201);
    expect([await stored(), await problems()]).toEqual([1, []]);
  });

  test('is uploaded by one of two clients that send the same chunk of one upload', async () => {
    const location = await start();
    const answers = await Promise.all([patch(location, 'one', '0-2'), patch(location, 'one', '0-2')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 416]);
    expect((await finish(location, digestOf('one'))).status).toBe(201);
    expect([await stored(), await problems()]).toEqual([1, []]);
  });

  test('is deleted at once, unless a manifest uses it', async () => {
    await repository.pushBlob('unused');
    expect((await repository.delete(`/blobs/${digestOf('unused')}`)).status).toBe(202);
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const url = `${repository.base}/blobs/${digestOf('unused')}`;
      expect([method, (await repository.send(method, url)).status]).toEqual([method, 404]);
    }
    const image = await repository.pushImage('1.0', ['used']);
    expect((await repository.delete(`/blobs/${digestOf('used')}`)).status).toBe(409);
    await repository.delete(`/manifests/${image.digest}`);
    expect((await repository.delete(`/blobs/${digestOf('used')}`)).status).toBe(202);
    expect(await problems()).toEqual([]);
  });
});

describe('an upload', () => {
  test('is cancelled with everything that was sent', async () => {
    const location = await start();
    await patch(location, 'half');
    expect((await repository.send('DELETE', location)).status).toBe(204);
    expect((await repository.send('DELETE', location)).status).toBe(404);
    expect((await finish(location, digestOf('half'))).status).toBe(404);
    expect(await stored()).toBe(0);
  });

  test('ends after a day, and is swept', async () => {
    const location = await start();
    await patch(location, 'half');
    app.clock.advance(25 * 3600 * 1000);
    expect((await repository.send('GET', location)).status).toBe(404);
    await sweep(app.registry);
    expect(await stored()).toBe(0);
  });

  test('is known in its own repository only', async () => {
    const location = await start();
    const elsewhere = location.replace('/app/', '/other/');
    expect((await repository.send('GET', elsewhere)).status).toBe(404);
    expect((await repository.send('GET', `${repository.base}/blobs/uploads/..%2f..`)).status).toBe(404);
  });
});

describe('uploads that end at once', () => {
  test('are finished by one or several requests, or cancelled', async () => {
    for (let round = 0; round < 5; round++) {
      const location = await start();
      await patch(location, `round ${round}`);
      const digest = digestOf(`round ${round}`);
      const answers = await Promise.all([
        finish(location, digest),
        repository.send('DELETE', location),
        finish(location, digest),
      ]);
      const [first, cancelled, second] = answers.map(({ status }) => status);
      const held = (await repository.head(`/blobs/${digest}`)).status === 200;
      for (const status of [first, second]) expect(held ? [201, 404] : [404]).toContain(status);
      expect([204, 404]).toContain(cancelled);
    }
    expect(await problems()).toEqual([]);
  });
});

describe('a mount', () => {
  const mount = (query: string) => repository.send('POST', `${repository.base}/blobs/uploads/?${query}`);

  test('takes a blob of another repository without a transfer, with its name or without', async () => {
    await app.project('base', 'public');
    const base = repositoryClient(app, 'acme/base/image');
    await base.pushBlob('first');
    await base.pushBlob('second');
    const named = await mount(`mount=${digestOf('first')}&from=acme/base/image`);
    expect([named.status, named.headers.get('docker-content-digest')]).toEqual([201, digestOf('first')]);
    expect((await mount(`mount=${digestOf('second')}`)).status).toBe(201);
    await base.delete(`/blobs/${digestOf('first')}`);
    expect(await (await repository.get(`/blobs/${digestOf('first')}`)).text()).toBe('first');
    expect([await stored(), await problems()]).toEqual([2, []]);
  });

  test('without a name takes what the grant covers, or what everybody may pull', async () => {
    await app.project('secret');
    await app.project('open', 'public');
    await repositoryClient(app, 'acme/secret/image').pushBlob('hidden');
    await repositoryClient(app, 'acme/open').pushBlob('public');
    const credentials = Buffer.from(`root:${app.rootToken}`).toString('base64');
    const grantFor = async (...paths: string[]) => {
      const scopes = paths.map((path) => `&scope=repository:${path}:pull,push`).join('');
      const answer = await app.send('GET', `/jwt/auth?service=container_registry${scopes}`, {
        headers: { authorization: `Basic ${credentials}` },
      });
      return ((await answer.json()) as { token: string }).token;
    };
    const mountWith = async (token: string, content: string) => {
      const client = repositoryClient(app, 'acme/tools/app', token);
      return (await client.send('POST', `${client.base}/blobs/uploads/?mount=${digestOf(content)}`)).status;
    };
    const narrow = await grantFor('acme/tools/app');
    expect([await mountWith(narrow, 'hidden'), await mountWith(narrow, 'public')]).toEqual([202, 201]);
    expect(await mountWith(await grantFor('acme/tools/app', 'acme/secret/image'), 'hidden')).toBe(201);
  });

  test('starts an upload if there is no such blob, or the caller may not read it', async () => {
    await app.project('secret');
    await repositoryClient(app, 'acme/secret').pushBlob('hidden');
    const { token } = await app.user('mia', { level: 30, of: project });
    const mias = repositoryClient(app, 'acme/tools/app', token);
    for (const query of [
      `mount=${digestOf('hidden')}&from=acme/secret`,
      `mount=${digestOf('hidden')}`,
      `mount=${digestOf('nowhere')}&from=acme/nowhere`,
    ]) {
      const answer = await mias.send('POST', `${mias.base}/blobs/uploads/?${query}`);
      expect([query, answer.status]).toEqual([query, 202]);
      expect((await mias.head(`/blobs/${digestOf('hidden')}`)).status).toBe(404);
    }
  });
});
