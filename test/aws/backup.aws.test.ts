import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ministackMissing } from '../kit/ministack.ts';
import { runPackhouse, startServer } from '../kit/run-packhouse.ts';
import { useMinistack } from '../kit/use-ministack.ts';

const TOKEN = 'token-of-the-backup-tests';

describe.skipIf(ministackMissing)(`a backup${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  const emulator = useMinistack();

  test('has the blobs of a bucket, and during a move those of both locations, and is restored to files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'packhouse-backup-'));
    const [data, copy, restored] = ['data', 'copy', 'restored'].map((name) => join(folder, name));
    const bucket = await emulator.resources.bucket();
    const store = ['--bucket', bucket, '--s3-endpoint', emulator.endpoint, '--s3-path-style', 'true'];
    const moving = [...store, '--migrate-from', 'local'];
    const serve = async (directory = '', flags: readonly string[] = []) =>
      startServer(['--data-dir', directory, '--port', '0', '--root-token', TOKEN, ...flags]);
    const send = async (url: string, method: string, path: string, body?: string) => {
      const headers = { 'private-token': TOKEN };
      return fetch(`${url}/api/v4/projects${path}`, { method, headers, ...(body && { body }) });
    };
    const file = (name: string) => `/root%2Ftools/packages/generic/${name}/1.0/file.txt`;

    const first = await serve(data);
    expect((await send(first.url, 'POST', '?name=tools')).status).toBe(201);
    expect((await send(first.url, 'PUT', file('in-files'), 'in files')).status).toBe(201);
    first.kill('SIGTERM');
    await first.ended;
    const second = await serve(data, moving);
    expect((await send(second.url, 'PUT', file('in-bucket'), 'in a bucket')).status).toBe(201);
    const command = ['backup', copy ?? '', '--data-dir', data ?? ''];
    const wrong = await runPackhouse(command);
    expect([wrong.code, wrong.progress]).toEqual([2, expect.stringContaining(`--bucket ${bucket}`)]);
    const right = await runPackhouse([...command, ...moving, '--json']);
    expect([right.code, JSON.parse(right.output)]).toMatchObject([
      0,
      { blobs: { blobs: 2 }, copied: { blobs: 2 }, problems: [] },
    ]);
    second.kill('SIGTERM');
    await second.ended;

    expect((await runPackhouse(['restore', copy ?? '', '--data-dir', restored ?? ''])).code).toBe(0);
    const third = await serve(restored);
    for (const [name, text] of Object.entries({ 'in-files': 'in files', 'in-bucket': 'in a bucket' })) {
      expect(await (await send(third.url, 'GET', file(name))).text()).toBe(text);
    }
    third.kill('SIGTERM');
    await third.ended;
    await rm(folder, { recursive: true });
  });
});
