import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { nodeFlags } from './node-flags.ts';
import { startedUrl } from './run-packhouse.ts';
import { onSmallDisk, pathOf } from './small-disk.ts';

const command = resolve(import.meta.dirname, '../../bin/packhouse.mjs');

/** A registry to test, wherever it is. */
export interface RegistryUnderTest {
  readonly url: string;
  readonly rootToken: string;
  /** The file with the output of the server; undefined if the tests did not start it. */
  readonly log: string | undefined;
  /** The process that serves it; undefined if the tests did not start it. */
  readonly pid: number | undefined;
}

/** A registry served by a process of its own. */
export interface ServedRegistry extends RegistryUnderTest {
  readonly log: string;
  readonly pid: number;
  /** Its data directory. */
  readonly data: string;
  /** Stops the server as an operator would, and removes its data. */
  stop(): Promise<void>;
}

/**
 * Serves a registry from a new data directory on a free port of the loopback interface, as `npm start` would. With
 * `disk` the directory is on a disk of this many megabytes, which only the server sees.
 */
export async function serveRegistry(
  flags: readonly string[] = [],
  { disk }: { readonly disk?: number } = {},
): Promise<ServedRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-served-'));
  const log = join(directory, 'log');
  const output = createWriteStream(log);
  const data = join(directory, 'disk', 'data');
  await mkdir(dirname(data));
  const serve = ['serve', '--host', '127.0.0.1', '--port', '0', '--data-dir', data];
  const server = [process.execPath, ...nodeFlags, command, ...serve, ...flags];
  const [program = '', ...args] = disk ? onSmallDisk(dirname(data), disk, server) : server;
  const child = spawn(program, args, {
    cwd: directory,
    // None of the caller's PACKHOUSE_ settings.
    env: { PATH: process.env.PATH, HOME: directory, TMPDIR: tmpdir() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  async function stop(): Promise<void> {
    process.off('exit', kill);
    await terminate(child);
    output.end();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
  try {
    const url = await startOf(child, output);
    const pid = child.pid ?? 0;
    const served = disk ? pathOf(pid, data) : data;
    const rootToken = (await readFile(join(served, 'root-token'), 'utf8')).trim();
    return { url, rootToken, log, pid, data: served, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The lines of a server's log about failures of its own: errors, and responses of 500 and above. */
export async function failuresIn(log: string): Promise<string[]> {
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
  return lines.filter((line) => {
    const { level, status } = JSON.parse(line) as { level?: string; status?: number };
    return level === 'error' || (status !== undefined && status >= 500);
  });
}

/** Writes everything that the server prints to `output`, and reads its address from that. */
function startOf(child: ChildProcess, output: NodeJS.WritableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    let started = false;
    const listen = (chunk: Buffer) => {
      output.write(chunk);
      if (started) return;
      printed += chunk.toString();
      const url = startedUrl(printed);
      if (!url) return;
      started = true;
      resolve(url);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server exited with code ${code}:\n${printed}`)));
  });
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await once(child, 'exit');
  clearTimeout(giveUp);
}
