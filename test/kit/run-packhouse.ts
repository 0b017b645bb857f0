import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeFlags } from './node-flags.ts';

const program = resolve(import.meta.dirname, '../../bin/packhouse.mjs');

/** A `packhouse` command that runs in a process of its own. */
export interface RunningCommand {
  readonly pid: number;
  /** What it has written so far, to standard output and to standard error. */
  readonly output: () => string;
  readonly progress: () => string;
  /** The exit code, or the signal that killed it, once it has exited. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `packhouse` with these parameters. Its environment has the AWS credentials of the emulator, and `environment`. */
export function startPackhouse(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningCommand {
  return startProgram([...nodeFlags, program, ...parameters], {
    env: { HOME: tmpdir(), TMPDIR: tmpdir(), ...credentials, ...environment },
  });
}

/** Starts Node, or another program, with these parameters, in an environment of the path, the cache of compiled code and `env`. */
export function startProgram(
  parameters: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly program?: string;
  },
): RunningCommand {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(options.program ?? process.execPath, parameters, {
    cwd: options.cwd,
    env: { PATH, NODE_COMPILE_CACHE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, progress] = [collected(child, 'stdout'), collected(child, 'stderr')];
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close').then(([code, signal]) => {
    process.off('exit', kill);
    return (code ?? signal) as number | NodeJS.Signals | null;
  });
  return { pid: child.pid ?? 0, output, progress, ended, kill: (signal) => child.kill(signal) };
}

const credentials = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

function collected(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Runs `packhouse` until it exits. */
export async function runPackhouse(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: unknown; readonly output: string; readonly progress: string }> {
  const command = startPackhouse(parameters, environment);
  const code = await command.ended;
  return { code, output: command.output(), progress: command.progress() };
}

/** Starts `packhouse serve` and waits until it is ready. */
export async function startServer(parameters: readonly string[]): Promise<RunningCommand & { url: string }> {
  return untilReady(startPackhouse(['serve', '--host', '127.0.0.1', ...parameters]));
}

/** Waits until a server says that it is ready. Throws with all its output if it exits instead. */
export async function untilReady<S extends RunningCommand>(server: S): Promise<S & { url: string }> {
  let gone = false;
  void server.ended.then(() => {
    gone = true;
  });
  const url = await until(() => {
    if (gone) throw new Error(`the server exited: ${server.output()}${server.progress()}`);
    return startedUrl(server.output());
  });
  return { ...server, url };
}

/** The URL that a started server has logged; undefined before. */
export function startedUrl(output: string): string | undefined {
  return /"message":"server started","url":"(http[^"]+)"/.exec(output)?.[1];
}

/** Calls `poll` until it returns a value, at most a minute; returns the value. */
export async function until<T>(poll: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const answer = await poll();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error('the condition was not met within a minute');
    await delay(50);
  }
}
