import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ministackMissing } from '../kit/ministack.ts';
import { type RunningCommand, runPackhouse, startServer } from '../kit/run-packhouse.ts';
import { useMinistack } from '../kit/use-ministack.ts';

const token = 'root-token-0123456789';
const rootHeaders = { 'private-token': token };

describe.skipIf(ministackMissing)('servers whose blobs are moved', () => {
  const emulator = useMinistack();

  let folder: string;
  let bucket: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packhouse-servers-'));
    bucket = await emulator.resources.bucket();
  });
  afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  const location = (prefix: string) =>
    `s3://${bucket}/${prefix}?endpoint=${emulator.endpoint}&path-style=true`;
  const store = (prefix: string) => [
    ...['--bucket', bucket, '--s3-prefix', prefix],
    ...['--s3-endpoint', emulator.endpoint, '--s3-path-style', 'true'],
  ];

  async function stopServer(server: RunningCommand): Promise<void> {
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  }

  const file = (url: string, name: string) =>
    `${url}/api/v4/projects/root%2Ftools/packages/generic/tool/1/${name}`;

  async function makeProject(url: string): Promise<void> {
    await fetch(`${url}/api/v4/projects?name=tools`, { method: 'POST', headers: rootHeaders });
  }

  async function put(url: string, name: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    expect((await fetch(file(url, name), { method: 'PUT', headers: rootHeaders, body })).status).toBe(201);
  }

  /** Where a download is redirected to: a prefix of the bucket, or nowhere; checks the received bytes. */
  async function redirectOf(url: string, name: string, bytes: Uint8Array): Promise<string> {
    const answer = await fetch(file(url, name), { headers: rootHeaders, redirect: 'manual' });
    const location = answer.headers.get('location');
    const content = location === null ? answer : await fetch(location);
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);
    return location === null ? 'nowhere' : (/\/(old|new)\/blobs\//.exec(location)?.[1] ?? location);
  }

  test('link to the current location of a blob before and after it is moved', async () => {
    const bytes = randomBytes(300_000);
    const serving = ['--data-dir', folder, '--port', '0', '--root-token', token];
    let server = await startServer(serving);
    await makeProject(server.url);
    await put(server.url, 'a.bin', bytes);
    expect(await redirectOf(server.url, 'a.bin', bytes)).toBe('nowhere');
    await stopServer(server);
    // Moved files stay until an operator removes them.
    const removeFiles = () => rm(join(folder, 'blobs'), { recursive: true });

    const command = ['migrate-storage', '--server'];
    for (const { flags, before, after } of [
      { flags: [...store('old'), '--migrate-from', 'local'], before: 'nowhere', after: 'old' },
      { flags: [...store('new'), '--migrate-from', location('old')], before: 'old', after: 'new' },
      { flags: ['--migrate-from', location('new')], before: 'new', after: 'nowhere' },
    ]) {
      server = await startServer([...serving, ...flags]);
      expect(await redirectOf(server.url, 'a.bin', bytes)).toBe(before);
      const moved = await runPackhouse([...command, server.url], { PACKHOUSE_TOKEN: token });
      expect([moved.code, moved.progress]).toEqual([0, '']);
      expect(await redirectOf(server.url, 'a.bin', bytes)).toBe(after);
      await stopServer(server);
      if (before === 'nowhere') await removeFiles();
    }
  });

  test('prevent a move until they are restarted, and exit if they were not', async () => {
    const tables = [
      '--table',
      await emulator.resources.table(),
      '--audit-table',
      await emulator.resources.table(),
    ];
    const records = [...tables, '--aws-endpoint', emulator.endpoint];
    const serving = [...records, '--port', '0', '--root-token', token];
    const forgotten = await startServer([...serving, ...store('old')]);
    const move = ['migrate-storage', '--from', location('old'), '--to', location('new'), ...records];
    const early = await runPackhouse(move);
    expect([early.code, early.progress]).toEqual([
      1,
      expect.stringContaining('first restart them with --bucket '),
    ]);
    const dry = await runPackhouse([...move, '--dry-run']);
    expect([dry.code, dry.output]).toEqual([0, expect.stringContaining('Nothing was copied')]);

    const server = await startServer([...serving, ...store('new'), '--migrate-from', location('old')]);
    expect(await forgotten.ended).toBe(1);
    expect(forgotten.progress()).toMatch(
      /^packhouse: the blobs are being moved from s3:.*old\S* to s3:.*new\S* since/,
    );
    const moved = await runPackhouse(move);
    expect([moved.code, moved.output]).toEqual([0, expect.stringContaining('No problems.')]);
    const back = ['migrate-storage', '--from', location('new'), '--to', location('old'), ...records];
    expect((await runPackhouse(back)).code).toBe(1);
    await stopServer(server);
  });
});
