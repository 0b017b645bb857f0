import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A registry of npm packages that is measured. */
export interface Peer {
  readonly name: 'Packhouse' | 'Verdaccio';
  /** Path of the npm registry, without a slash at its end. */
  readonly path: string;
  /** The headers that a client with a token sends. */
  readonly headers: Readonly<Record<string, string>>;
  readonly server: RunningServer;
  /** Starts another server on the data of this one, which must have been stopped. */
  restart(ready: Ready): Promise<RunningServer>;
}

/** How to start a server. */
export interface ServerCommand {
  readonly directory: string;
  /** The command line of the program, given a free port. */
  line(port: number): readonly [string, ...string[]];
  readonly ready: Ready;
}

/** A request to a server that starts: the server is ready once it responds, with the status if one is given. */
export interface Ready {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

/** A server on this machine that responds. */
export interface RunningServer {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from its start as a process to the first response. */
  readonly startedIn: number;
  stop(): Promise<void>;
}

/** Silences Node's warnings about experimental features. */
const quiet = '--disable-warning=ExperimentalWarning';
const host = '127.0.0.1';
const START_TIMEOUT = 60_000;

/** The command line of a Node program; `flags` are those of Node itself, such as its profiler's. */
export function nodeLine(
  program: string,
  settings: readonly string[],
  flags: readonly string[] = [],
): readonly [string, ...string[]] {
  return [process.execPath, quiet, ...flags, program, ...settings];
}

/** Starts a program that serves HTTP and waits for its first response. Its output goes into a file. */
export async function startServer(command: ServerCommand): Promise<RunningServer> {
  await mkdir(command.directory, { recursive: true });
  const log = join(command.directory, 'log');
  const port = await freePort();
  const output = openSync(log, 'a');
  const started = performance.now();
  const [program, ...settings] = command.line(port);
  const child = spawn(program, settings, {
    cwd: command.directory,
    // None of the caller's settings, and a home of its own.
    env: { PATH: process.env.PATH, HOME: command.directory, NODE_ENV: 'production' },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    await terminate(child);
  };
  try {
    await untilReady(child, port, command.ready);
  } catch (error) {
    await stop();
    throw new Error(`${program} did not start:\n${await readFile(log, 'utf8')}`, { cause: error });
  }
  return { host, port, pid: child.pid ?? 0, startedIn: performance.now() - started, stop };
}

async function untilReady(child: ChildProcess, port: number, ready: Ready): Promise<void> {
  for (const until = performance.now() + START_TIMEOUT; performance.now() < until; ) {
    if (child.exitCode !== null) throw new Error(`it exited with code ${child.exitCode}`);
    try {
      const response = await fetch(`http://${host}:${port}${ready.path}`, { headers: ready.headers ?? {} });
      await response.arrayBuffer();
      if (response.status === (ready.status ?? response.status)) return;
      throw new Error(`${ready.path} returned ${response.status}`);
    } catch (error) {
      if ((error as Error).message !== 'fetch failed') throw error;
      await delay(4);
    }
  }
  throw new Error(`no response within ${START_TIMEOUT / 1000} seconds`);
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(giveUp);
}

/** A port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
