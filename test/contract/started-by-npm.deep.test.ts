import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startProgram, until, untilReady } from '../kit/run-packhouse.ts';

const root = resolve(import.meta.dirname, '../..');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packhouse-npx-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a server that npx started', () => {
  test('stops when npx is told to end', async () => {
    const serve = ['serve', '--host', '127.0.0.1', '--port', '0', '--data-dir', join(folder, 'data')];
    const npx = await untilReady(
      startProgram(['packhouse', ...serve], { program: 'npx', cwd: root, env: { HOME: folder } }),
    );
    expect((await fetch(`${npx.url}/-/readiness`)).status).toBe(200);
    npx.kill('SIGTERM');
    const refused = await until(() =>
      fetch(`${npx.url}/-/readiness`).then(
        () => undefined,
        (error: Error) => error.cause,
      ),
    );
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    await npx.ended;
  });
});
