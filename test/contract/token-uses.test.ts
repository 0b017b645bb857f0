import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import { countLoggedDownloads } from '../../services/jobs/count-logged-downloads.ts';
import type { Table } from '../../services/ports/table.ts';
import { type PendingTokenUses, pendingTokenUses } from '../../services/registry/accounts/token-uses.ts';
import type { Stores } from '../../services/runtime/compose.ts';
import { downloadsEvent, loggingTokenUses } from '../../services/runtime/download-log.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { flushTokenUses } from '../../services/runtime/server/flush-token-uses.ts';
import { everySample, prefixIn } from '../fleet/samples/every.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { toy } from '../kit/toy-format/format.ts';

const MINUTE = 60_000;

/** How a host records uses of tokens, and how they get into the table there. */
interface Host {
  readonly stores: Partial<Stores>;
  record(app: TestApp): Promise<void>;
}

function server(): Host {
  const pending: PendingTokenUses = pendingTokenUses();
  return { stores: { tokenUses: pending }, record: ({ registry }) => flushTokenUses(registry, pending) };
}

function functions(): Host {
  let lines: string[] = [];
  const info = (message: string, fields = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  return {
    stores: { tokenUses: loggingTokenUses({ debug() {}, info, error() {} }) },
    async record({ registry, clock }) {
      const logEvents = lines.map((message, id) => ({ id: String(id), timestamp: clock.now(), message }));
      lines = [];
      const text = JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents });
      const event = downloadsEvent({ awslogs: { data: gzipSync(text).toString('base64') } });
      await countLoggedDownloads(registry, event);
    },
  };
}

describe.each([
  { host: 'a server', open: server },
  { host: 'functions', open: functions },
])('uses of tokens on $host', ({ open }) => {
  let host: Host;
  let app: TestApp;
  let project: Project;
  let updates: number;
  beforeEach(async () => {
    host = open();
    app = await startApp({ stores: host.stores, formats: [...allFormats, toy] });
    project = await app.project('tools');
    await host.record(app);
    updates = 0;
    const { update } = app.registry.table;
    const counting: Table['update'] = (...args) => {
      updates++;
      return update(...args);
    };
    Object.assign(app.registry.table, { update: counting });
  });

  async function lastUse(token: string): Promise<string | null> {
    const answer = await app.send('GET', '/api/v4/personal_access_tokens/self', { token });
    return ((await answer.json()) as { last_used_at: string | null }).last_used_at;
  }

  const now = () => new Date(app.clock.now()).toISOString();

  test('show as last_used_at, and are written outside of requests, once an hour', async () => {
    const { token } = await app.user('ann');
    updates = 0;
    expect(await lastUse(token)).toBeNull();
    const first = now();
    app.clock.advance(10);
    await lastUse(token);
    expect(updates).toBe(0);
    await host.record(app);
    expect([updates, new Date((await lastUse(token)) ?? '').getTime() >= Date.parse(first)]).toEqual([
      1,
      true,
    ]);
    for (let passed = 0; passed < 59; passed += 20) {
      app.clock.advance(19 * MINUTE);
      await lastUse(token);
      await host.record(app);
    }
    expect(updates).toBe(1);
    app.clock.advance(4 * MINUTE);
    await lastUse(token);
    await host.record(app);
    expect([updates, await lastUse(token)]).toEqual([2, now()]);
  });

  test('do not bring back a token that is gone, and do not count when it was refused', async () => {
    const { token } = await app.user('ann');
    await lastUse(token);
    await app.send('DELETE', '/api/v4/personal_access_tokens/self', { token });
    await app.send('GET', '/api/v4/user', { token });
    await host.record(app);
    expect((await app.send('GET', '/api/v4/user', { token })).status).toBe(401);
  });

  test.each(everySample)('count when $id is read and published', async (sample) => {
    const { token } = await app.user('dev', { level: 30, of: project });
    const prefix = prefixIn(sample, 'project', project.id);
    const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
    expect((await app.send(method, prefix + path, { token, headers, body })).status).toBeLessThan(300);
    await host.record(app);
    expect(await lastUse(token)).toBe(now());
    app.clock.advance(61 * MINUTE);
    expect((await app.send('GET', prefix + sample.file('sample', '1.0.0'), { token })).status).toBe(200);
    await host.record(app);
    expect(await lastUse(token)).toBe(now());
  });
});

test('uses that could not be written are written with the next flush', async () => {
  const pending = pendingTokenUses();
  const app = await startApp({ stores: { tokenUses: pending } });
  const { token } = await app.user('ann');
  await app.send('GET', '/api/v4/user', { token });
  const broken = async () => Promise.reject(new Error('no answer'));
  const faulty = { ...app.registry, table: { ...app.registry.table, update: broken } };
  await expect(flushTokenUses(faulty, pending)).rejects.toThrow('no answer');
  await flushTokenUses(app.registry, pending);
  const answer = await app.send('GET', '/api/v4/personal_access_tokens/self', { token });
  expect(await answer.json()).toMatchObject({ last_used_at: new Date(app.clock.now()).toISOString() });
});
