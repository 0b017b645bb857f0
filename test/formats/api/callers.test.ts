import { beforeEach, describe, expect, test } from 'vitest';
import { deployToken, startApp, type TestApp, URL_BASE } from '../../kit/start-app.ts';
import { eventsOf } from './api-client.ts';

let app: TestApp;
let project: Awaited<ReturnType<TestApp['project']>>;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
});

async function publish(token: string, headers: Record<string, string> = {}, clientAddress = '192.0.2.7') {
  const url = `${URL_BASE}/api/v4/projects/${project.id}/packages/generic/tool/1.0/a.txt`;
  const request = new Request(url, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: 'bytes',
  });
  const answer = await app.app(request, { clientAddress, requestId: 'request-1' });
  expect(answer.status).toBe(201);
  return (await eventsOf(app)).find(({ type }) => type === 'package_published')?.actor;
}

describe('the actor of an event', () => {
  test('is the user of a personal token, with token, address, client and request', async () => {
    const { user, token } = await app.user('ann', { level: 30, of: project });
    expect(await publish(token, { 'user-agent': 'curl/8.9' })).toEqual({
      kind: 'user',
      id: user.id,
      name: 'ann',
      via: {
        requestId: 'request-1',
        token: { id: expect.any(Number), kind: 'personal' },
        address: '192.0.2.7',
        userAgent: 'curl/8.9',
      },
    });
  });

  test('is a deploy token, without its secret', async () => {
    const { token, secret } = await deployToken(app.registry, project, ['write_package_registry']);
    expect(await publish(secret)).toMatchObject({
      kind: 'deploy_token',
      via: { token: { id: token.id, kind: 'project-deploy' } },
    });
    expect(JSON.stringify(await eventsOf(app))).not.toContain(secret);
  });

  test('is the user as whom an administrator acts, with that administrator and the token that was used', async () => {
    const { user } = await app.user('ann');
    const before = await eventsOf(app);
    const headers = {
      authorization: `Bearer ${app.rootToken}`,
      sudo: 'ann',
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ name: 'g', path: 'g' });
    const request = new Request(`${URL_BASE}/api/v4/groups`, { method: 'POST', headers, body });
    expect((await app.app(request, { clientAddress: '::1' })).status).toBe(201);
    const known = new Set(before.map(({ id }) => id));
    const [event] = (await eventsOf(app)).filter(({ id }) => !known.has(id));
    const { id, username: name } = app.root;
    expect(event?.actor).toMatchObject({
      id: user.id,
      via: { address: '::1', token: { kind: 'personal' }, impersonator: { id, name } },
    });
    await app.runJobs();
    const { items } = await app.registry.audit.query({
      pk: `GROUP#${event && 'owner' in event ? event.owner.id : 0}`,
    });
    expect(items.at(-1)).toMatchObject({ actor: { via: { impersonator: { id, name } } } });
  });

  test('has a user agent of at most 256 characters, without control characters', async () => {
    const userAgent = `evil\u00a0\u0085{"level":"error"}\u009b31m${'x'.repeat(5000)}`;
    const actor = await publish(app.rootToken, { 'user-agent': userAgent });
    expect(actor?.via?.userAgent).toMatch(/^evil.*x{100}$/);
    expect(actor?.via?.userAgent).not.toMatch(/\p{C}/u);
    expect(actor?.via?.userAgent).toHaveLength(256);
  });

  test('has no address and no user agent if the request has none', async () => {
    const actor = await publish(app.rootToken, {}, '');
    expect(Object.keys(actor?.via ?? {}).sort()).toEqual(['requestId', 'token']);
  });

  test('is in the audit table too', async () => {
    await publish(app.rootToken, { 'user-agent': 'curl/8.9' });
    await app.runJobs();
    const { items } = await app.registry.audit.query({ pk: `PROJECT#${project.id}` });
    expect(items.at(-1)).toMatchObject({
      type: 'package_published',
      actor: { name: 'root', via: { address: '192.0.2.7', userAgent: 'curl/8.9', requestId: 'request-1' } },
    });
  });
});

test('events of an earlier or later release are audited with all their fields', async () => {
  const old = {
    id: '000000000001-aa',
    type: 'member_changed',
    at: 1,
    actor: { kind: 'user', id: 1, name: 'root' },
    owner: { kind: 'project', id: project.id, path: 'acme/tools' },
    ...{ projectId: project.id, projectPath: 'acme/tools', format: '', name: 'ann', version: null },
    details: { user: 2, level: 40, before: 30 },
  };
  const unknown = { id: '000000000002-aa', type: 'something_new', projectId: project.id, more: [1] };
  const items = [old, unknown].map((event) => ({
    put: { pk: 'EVENT#3', sk: event.id, event: JSON.stringify(event) },
  }));
  await app.registry.table.write(items);
  await app.runJobs();
  const { items: audited } = await app.registry.audit.query({ pk: `PROJECT#${project.id}` });
  expect(audited.find(({ sk }) => sk === old.id)).toMatchObject(old);
  expect(audited.find(({ sk }) => sk === unknown.id)).toMatchObject({
    ...unknown,
    actor: { kind: 'system' },
  });
});
