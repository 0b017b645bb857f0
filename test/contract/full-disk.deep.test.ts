import { mkdir, mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFlags } from '../kit/node-flags.ts';
import { type RunningCommand, startProgram, until, untilReady } from '../kit/run-packhouse.ts';
import { canMountDisks, mountSmallDisk, type SmallDisk } from '../kit/small-disk.ts';

const packhouse = resolve(import.meta.dirname, '../../bin/packhouse.mjs');
const TOKEN = 'token-of-the-full-disk-tests';
const MB = 1_000_000;

type Server = RunningCommand & { readonly url: string };

describe.skipIf(!canMountDisks)('a server on a disk that is really full', () => {
  let folder: string;
  let disk: SmallDisk;
  let server: Server;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packhouse-full-'));
    await mkdir(join(folder, 'disk'));
    disk = await mountSmallDisk(join(folder, 'disk'), 100);
    server = await start();
  });
  afterEach(async () => {
    server.kill('SIGKILL');
    await server.ended;
    await disk.unmount();
    await rm(folder, { recursive: true, force: true });
  });

  const onDisk = (name: string) => disk.path(join(folder, 'disk', name));

  async function start(): Promise<Server> {
    const data = join(folder, 'disk', 'data');
    const serve = ['serve', '--port', '0', '--data-dir', data, '--root-token', TOKEN];
    const [program = '', ...parameters] = disk.on([process.execPath, ...nodeFlags, packhouse, ...serve]);
    return untilReady(startProgram(parameters, { program, env: { HOME: folder, TMPDIR: tmpdir() } }));
  }

  /** Backs up to another disk; returns the exit code and what went wrong. */
  async function backUp(): Promise<unknown> {
    const line = ['backup', join(folder, 'copy'), '--data-dir', join(folder, 'disk', 'data')];
    const [program = '', ...parameters] = disk.on([process.execPath, ...nodeFlags, packhouse, ...line]);
    const command = startProgram(parameters, { program, env: { HOME: folder, TMPDIR: tmpdir() } });
    return [await command.ended, command.progress()];
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    server.kill(signal);
    await server.ended;
  }

  /** Writes to a file on the disk until not a single block is left. */
  async function fill(): Promise<void> {
    const file = await open(onDisk('ballast'), 'a');
    try {
      for (;;) await file.write(new Uint8Array(64 * 1024));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      for (;;) if (!(await file.write(new Uint8Array(512)).catch(() => undefined))) break;
    } finally {
      await file.close();
    }
  }

  async function send(method: string, path: string, body?: Uint8Array | string): Promise<Response> {
    const headers = { 'private-token': TOKEN, 'content-type': 'application/octet-stream' };
    return fetch(`${server.url}${path}`, { method, headers, ...(body !== undefined && { body }) });
  }
  const status = async (...request: Parameters<typeof send>) => (await send(...request)).status;
  const fileOf = (name: string) => `/api/v4/projects/root%2Ftools/packages/generic/${name}/1.0/file.bin`;
  const readiness = async () => (await (await send('GET', '/-/readiness')).json()) as { storage?: string };
  const addProject = (name: string) => status('POST', `/api/v4/projects?name=${name}`);

  async function publishMany(count: number): Promise<string[]> {
    expect(await addProject('tools')).toBe(201);
    const names = Array.from({ length: count }, (_, n) => `package-${n}`);
    for (const name of names) expect(await status('PUT', fileOf(name), name)).toBe(201);
    return names;
  }

  const reserve = () => stat(onDisk('data/reserve')).catch(() => undefined);
  const untilReserved = () => until(async () => ((await reserve())?.size ?? 0) > 4 * MB || undefined);

  test('refuses publishes with 507, serves files, deletes every package, and recovers by itself', async () => {
    const names = await publishMany(40);
    await untilReserved();
    // A clean stop empties the write-ahead log, so that there is no space to be won from that.
    await stop('SIGTERM');
    server = await start();
    await fill();
    await until(async () => (await readiness()).storage === 'full' || undefined);
    expect(await send('GET', '/-/readiness').then(({ status }) => status)).toBe(200);
    expect(await status('PUT', fileOf('more'), 'more')).toBe(507);
    expect(await addProject('more')).toBe(507);
    for (const name of names) {
      expect(await status('GET', fileOf(name))).toBe(200);
      expect([name, await status('DELETE', `${fileOf(name)}`)]).toEqual([name, 204]);
      expect(await status('GET', fileOf(name))).toBe(404);
      // Publishing must not use up what deleting needs.
      expect(await status('PUT', fileOf('more'), new Uint8Array(200_000))).toBe(507);
    }
    expect(await reserve()).toBeUndefined();
    await rm(onDisk('ballast'));
    await until(async () => (await status('PUT', fileOf('after'), 'after')) === 201 || undefined);
    expect(await readiness()).toEqual({ status: 'ok' });
    expect((await reserve())?.size).toBeGreaterThan(4 * MB);
    await until(() => server.output().includes('storage has room again') || undefined);
    await stop('SIGTERM');
    const messages = server
      .output()
      .split('\n')
      .flatMap((line) => (line ? [JSON.parse(line).message] : []));
    expect(messages.filter((message) => /^storage (?:full|has)/.test(message))).toEqual([
      'storage full',
      'storage has room again',
    ]);
  });

  test.each<NodeJS.Signals>(['SIGTERM', 'SIGKILL'])(
    'starts for reading when nothing is left, after %s, and writes again once there is room',
    async (signal) => {
      const names = await publishMany(10);
      await stop(signal);
      await rm(onDisk('data/reserve'), { force: true });
      await fill();
      server = await start();
      expect(await readiness()).toEqual({ status: 'ok', storage: 'full' });
      for (const name of names) {
        const answer = await send('GET', fileOf(name));
        expect([answer.status, await answer.text()]).toEqual([200, name]);
      }
      expect(await status('PUT', fileOf('more'), 'more')).toBe(507);
      // After a kill there is the shared memory of the database, so that it needs no space to be shared.
      expect(await backUp()).toEqual(
        signal === 'SIGKILL' ? [0, ''] : [2, expect.stringContaining('make room first')],
      );
      // After a kill there may be just enough space in the write-ahead log.
      expect([204, 507]).toContain(await status('DELETE', fileOf(names[0] ?? '')));
      await rm(onDisk('ballast'));
      await until(async () => (await status('PUT', fileOf('after'), 'after')) === 201 || undefined);
      expect(await status('DELETE', fileOf(names[1] ?? ''))).toBe(204);
      expect(await readiness()).toEqual({ status: 'ok' });
      await stop('SIGKILL');
      server = await start();
      expect(await status('GET', fileOf('after'))).toBe(200);
      expect(await status('GET', fileOf(names[1] ?? ''))).toBe(404);
    },
  );

  test('keeps the reserve over a restart, and starts with it on a full disk', async () => {
    const names = await publishMany(5);
    await untilReserved();
    await stop('SIGTERM');
    await fill();
    server = await start();
    expect(await readiness()).toEqual({ status: 'ok', storage: 'full' });
    for (const name of names) expect(await status('DELETE', fileOf(name))).toBe(204);
    expect(await readFile(onDisk('ballast')).then(({ byteLength }) => byteLength)).toBeGreaterThan(50 * MB);
  });
});
