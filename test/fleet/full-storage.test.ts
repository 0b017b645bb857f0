import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

/** A room that tests can close. */
function closableRoom() {
  return { isShort: false, hasRoom: async () => !room.isShort };
}
let room = closableRoom();
beforeEach(() => {
  room = closableRoom();
});

describe.each(everySample)('on a full disk, a package of $id', (sample) => {
  let app: TestApp;
  let project: Project;
  beforeEach(async () => {
    app = await startApp({ stores: { room, blobs: memoryBlobStore() }, formats: formatsWith(sample) });
    project = await app.project('tools');
  });

  async function publish(version: string, token = app.rootToken, pulled = () => {}): Promise<Response> {
    const { method, path, headers, body } = await sample.publish('sample', version);
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled();
          controller.enqueue(Buffer.from(body));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const url = prefixIn(sample, 'project', project.id) + path;
    return app.send(method, url, { token, headers, body: stream });
  }

  const fileOf = (version: string) =>
    app.send('GET', prefixIn(sample, 'project', project.id) + sample.file('sample', version), {
      token: app.rootToken,
    });

  test('is refused with 507 before its bytes are read, and accepted once there is room', async () => {
    room.isShort = true;
    let pulls = 0;
    const answer = await publish('1.0.0', app.rootToken, () => pulls++);
    expect([answer.status, await answer.text(), pulls]).toEqual([
      507,
      expect.stringContaining('The storage is full; nothing was written'),
      0,
    ]);
    expect(app.errors).toEqual([]);
    room.isShort = false;
    expect((await publish('1.0.0')).status).toBeLessThan(300);
  });

  test('is refused as usual to those who may not publish it', async () => {
    room.isShort = true;
    const { token } = await userBefore();
    expect((await publish('1.0.0', token)).status).toBe(404);
  });

  /** Makes a user while there is room. */
  async function userBefore() {
    room.isShort = false;
    const user = await app.user('stranger');
    room.isShort = true;
    return user;
  }

  test('can be read and deleted', async () => {
    expect((await publish('1.0.0')).status).toBeLessThan(300);
    expect((await publish('1.1.0')).status).toBeLessThan(300);
    room.isShort = true;
    const prefix = prefixIn(sample, 'project', project.id);
    expect((await fileOf('1.0.0')).status).toBe(200);
    const index = sample.index?.('sample');
    if (index) {
      expect((await app.send('GET', prefix + index, { token: app.rootToken })).status).toBe(200);
    }
    const own = sample.delete?.('sample', '1.0.0');
    if (own) {
      const deleted = await app.send(own.method, prefix + own.path, { token: app.rootToken });
      expect(deleted.status).toBeLessThan(300);
      expect((await fileOf('1.0.0')).status).toBe(404);
    }
    const base = `/api/v4/projects/${project.id}/packages`;
    const list = await app.send('GET', base, { token: app.rootToken });
    const packages = (await list.json()) as { id: number }[];
    for (const { id } of packages) {
      expect((await app.send('DELETE', `${base}/${id}`, { token: app.rootToken })).status).toBe(204);
    }
    expect((await fileOf('1.1.0')).status).toBe(404);
    // What was rendered meanwhile is not stored, which is no failure.
    expect(app.errors).toEqual([]);
  });
});

describe('on a full disk, the management API', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp({ stores: { room } });
  });
  const send = (method: string, path: string, body?: object) =>
    app.send(method, `/api/v4${path}`, {
      token: app.rootToken,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });

  test('refuses additions with 507', async () => {
    const project = await app.project('tools');
    room.isShort = true;
    const additions: [string, object][] = [
      ['/projects', { name: 'more' }],
      ['/groups', { name: 'more', path: 'more' }],
      ['/users', { username: 'ann', name: 'Ann', email: 'ann@example.com' }],
      ['/users/1/personal_access_tokens', { name: 'more', scopes: ['api'] }],
      [`/projects/${project.id}/access_tokens`, { name: 'ci', scopes: ['api'] }],
      [`/projects/${project.id}/deploy_tokens`, { name: 'ci', scopes: ['read_package_registry'] }],
    ];
    for (const [path, body] of additions) {
      const full = await send('POST', path, body);
      expect([path, full.status]).toEqual([path, 507]);
    }
  });

  test('serves reads, changes and removals', async () => {
    const project = await app.project('tools');
    const { user, token } = await app.user('ann');
    room.isShort = true;
    expect((await send('GET', `/projects/${project.id}`)).status).toBe(200);
    expect((await send('POST', `/users/${user.id}/block`)).status).toBe(201);
    expect((await app.send('GET', '/api/v4/user', { token })).status).toBe(401);
    expect((await send('DELETE', `/projects/${project.id}`)).status).toBe(202);
  });
});
