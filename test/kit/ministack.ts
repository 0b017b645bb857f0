import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startTlsFront } from './tls-front.ts';

/** A running AWS emulator. */
export interface Ministack {
  /** The address of every service. */
  readonly endpoint: string;
  /** Stops the emulator and everything it started, and removes its data. */
  stop(): Promise<void>;
}

/** How strict the emulator is. */
export interface MinistackOptions {
  /**
   * Check signatures and policies, those of the roles of functions included. The root credentials are `test` and
   * `test`; requests to `endpoint` count as made over TLS.
   */
  readonly iam?: boolean;
}

const root = resolve(import.meta.dirname, '../..');
const installed = join(root, '.cache/ministack/bin/ministack');

/** How long the emulator may take to start, in milliseconds. */
const START_TIMEOUT = 60_000;

/** Why the tests on AWS cannot run here, or undefined. In CI that is never a reason to skip them. */
export const ministackMissing: string | undefined =
  process.env.CI || existsSync(installed)
    ? undefined
    : 'MiniStack is not installed: run .ci/install-ministack.sh';

/** Starts MiniStack on a free port of the loopback interface, with nothing in it, and waits until it responds. */
export async function startMinistack({ iam = false }: MinistackOptions = {}): Promise<Ministack> {
  const directory = await mkdtemp(join(tmpdir(), 'ministack-'));
  await mkdir(join(directory, 'tmp'));
  const port = await freePort();
  const direct = `http://127.0.0.1:${port}`;
  const front = iam ? await startTlsFront(port) : undefined;
  const endpoint = front?.endpoint ?? direct;
  const child = spawn(installed, [], {
    // A group of its own, so that the function processes it starts can be stopped with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(directory, port), AUTH: String(iam), AWS_ENDPOINT_URL: endpoint },
  });
  const log = join(directory, 'log');
  const output = createWriteStream(log);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const kill = () => signalGroup(child, 'SIGKILL');
  process.once('exit', kill);

  async function stop(): Promise<void> {
    process.off('exit', kill);
    await front?.stop();
    await terminate(child);
    output.end();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    await untilHealthy(child, direct);
  } catch (error) {
    const printed = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`MiniStack did not start: ${printed.slice(-2_000)}`, { cause: error });
  }
  return { endpoint, stop };
}

/** This process's environment without the variables of AWS, which functions would inherit. */
function environment(directory: string, port: number): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(own),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    LOG_LEVEL: process.env.MINISTACK_LOG_LEVEL ?? 'WARNING',
    S3_DATA_DIR: join(directory, 's3'),
    STATE_DIR: join(directory, 'state'),
    TMPDIR: join(directory, 'tmp'),
    // Functions run on the first `node` of the path (the project's own), and find the AWS SDK as they do on AWS.
    NODE_PATH: join(root, 'node_modules'),
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  };
}

async function untilHealthy(child: ChildProcess, endpoint: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT;
  let failure: unknown;
  child.once('error', (error) => {
    failure = error;
  });
  while (performance.now() < deadline) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it exited');
    const answer = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await delay(50);
  }
  throw new Error(`no response within ${START_TIMEOUT} ms`);
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  signalGroup(child, 'SIGTERM');
  const giveUp = setTimeout(() => signalGroup(child, 'SIGKILL'), 5_000);
  await ended;
  clearTimeout(giveUp);
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}
