import { createHash, randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mapConcurrently } from '../../services/shared/map-concurrently.ts';
import { runPackhouse, startPackhouse, startServer, until } from '../kit/run-packhouse.ts';

const TOKEN = 'token-of-the-backup-tests';
const FILES = 400;
const KILLS = 5;

/** The digests of what was acknowledged, by name. */
type Published = Map<string, string>;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const pathOf = (name: string) => `/api/v4/projects/root%2Ftools/packages/generic/${name}/1.0/file.bin`;

async function send(url: string, method: string, path: string, body?: Uint8Array): Promise<Response> {
  const headers = { 'private-token': TOKEN, 'content-type': 'application/octet-stream' };
  return fetch(url + path, { method, headers, ...(body && { body }) });
}

async function publish(url: string, name: string, published: Published): Promise<void> {
  const bytes = randomBytes(randomInt(1, 300_000));
  const { status } = await send(url, 'PUT', pathOf(name), bytes);
  expect([name, status]).toEqual([name, 201]);
  published.set(name, sha256(bytes));
}

/** Publishes one package after another, and deletes every third, until it is stopped. */
function keepPublishing(url: string, published: Published): { stop(): Promise<void> } {
  let stopped = false;
  async function work(): Promise<void> {
    for (let n = 0; !stopped; n++) {
      await publish(url, `live-${n}`, published);
      if (n % 3 !== 0) continue;
      published.delete(`live-${n}`);
      expect((await send(url, 'DELETE', pathOf(`live-${n}`))).status).toBe(204);
    }
  }
  const working = work();
  return {
    async stop() {
      stopped = true;
      await working;
    },
  };
}

/**
 * Runs a command that fills a directory with blobs, and kills it a few times: each time when it has copied some more. Calls
 * `afterKill` each time.
 */
async function killRepeatedly(
  parameters: readonly string[],
  directory: string,
  afterKill: () => Promise<void>,
): Promise<void> {
  for (let kills = 1; kills <= KILLS; kills++) {
    const command = startPackhouse(parameters);
    await until(async () => (await blobsIn(directory)) >= (kills * FILES) / (KILLS + 2) || undefined);
    command.kill('SIGKILL');
    expect(await command.ended).toBe('SIGKILL');
    await afterKill();
  }
}

async function blobsIn(directory: string): Promise<number> {
  const names = await readdir(join(directory, 'blobs'), { recursive: true }).catch(() => []);
  return names.filter((name) => name.length > 30).length;
}

test('a backup of a busy server has everything that was acknowledged before it, and is restored, despite kills', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-backup-'));
  const [data, copy, restored] = ['data', 'copy', 'restored'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const published: Published = new Map();
  const settings = ['--root-token', TOKEN, '--retention-days', '0', '--port', '0', '--log', 'info'];
  const server = await startServer(['--data-dir', data, ...settings]);
  expect((await send(server.url, 'POST', '/api/v4/projects?name=tools')).status).toBe(201);
  const names = Array.from({ length: FILES }, (_, n) => `package-${n}`);
  await mapConcurrently(names, 8, (name) => publish(server.url, name, published));

  const publishing = keepPublishing(server.url, published);
  const backUp = ['backup', copy, '--data-dir', data, '--copy'];
  await killRepeatedly(backUp, copy, async () => {
    expect(existsSync(join(copy, 'packhouse.db'))).toBe(false);
  });
  const expected = new Map(published);
  const backedUp = await runPackhouse(backUp);
  expect([backedUp.code, backedUp.output]).toEqual([0, expect.stringContaining('No problems.')]);
  const changed = await runPackhouse(backUp);
  expect([changed.code, changed.output]).toEqual([0, expect.stringContaining('No problems.')]);
  await publishing.stop();
  server.kill('SIGKILL');
  await server.ended;
  await rm(data, { recursive: true });
  expect(await runPackhouse(['doctor', '--data-dir', copy, '--verify'])).toMatchObject({ code: 0 });

  const restore = ['restore', copy, '--data-dir', restored];
  await killRepeatedly(restore, restored, async () => {
    const refused = await runPackhouse(['serve', '--data-dir', restored, ...settings]);
    expect([refused.code, refused.progress]).toEqual([
      1,
      expect.stringContaining('was not restored completely'),
    ]);
  });
  const done = await runPackhouse(restore);
  expect([done.code, done.output]).toEqual([0, expect.stringContaining('No problems.')]);

  const second = await startServer(['--data-dir', restored, ...settings]);
  for (const [name, digest] of expected) {
    if (!published.has(name)) continue; // deleted since
    const answer = await send(second.url, 'GET', pathOf(name));
    expect([name, answer.status]).toEqual([name, 200]);
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(digest);
  }
  await publish(second.url, 'after', published);
  second.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(await runPackhouse(['doctor', '--data-dir', restored, '--verify'])).toMatchObject({ code: 0 });
  await rm(folder, { recursive: true });
});
