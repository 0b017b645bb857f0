import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** How a program is run. Its environment is `env` and nothing else. */
export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its standard input; empty by default. */
  readonly input?: Uint8Array | string;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/** The result of a program. Texts are without colours. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both outputs in the order they were written, as its user sees them. */
  readonly seen: string;
}

/** A running program. */
export interface Running {
  /** Its result, once it has exited. Rejects when it could not be started, or took too long. */
  readonly ran: Promise<Ran>;
  /** Kills it, with everything it started. */
  kill(): void;
}

/** Runs a program until it exits, with any code. One that takes too long is killed, with everything it started. */
export function runProgram(command: readonly string[], options: RunOptions): Promise<Ran> {
  return startProgram(command, options).ran;
}

/** Starts a program. */
export function startProgram(command: readonly string[], options: RunOptions): Running {
  const { cwd, env, input, timeoutMs = 120_000 } = options;
  const [program = '', ...args] = command;
  // A group of its own, so that it can be killed with everything it started.
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = () => {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const ran = new Promise<Ran>((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const all: Buffer[] = [];
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      into.push(chunk);
      all.push(chunk);
    };
    child.stdout.on('data', collect(out));
    child.stderr.on('data', collect(err));
    process.once('exit', kill);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      process.off('exit', kill);
    };
    child.once('error', (error) => {
      settle();
      reject(new Error(`${program} did not start`, { cause: error }));
    });
    child.once('close', (code) => {
      settle();
      const ran = { code, stdout: textOf(out), stderr: textOf(err), seen: textOf(all) };
      if (late) reject(new Error(`${command.join(' ')} took more than ${timeoutMs} ms:\n${ran.seen}`));
      else resolve(ran);
    });
    // A program may exit without reading its input.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
  return { ran, kill };
}

function textOf(chunks: readonly Buffer[]): string {
  return stripVTControlCharacters(Buffer.concat(chunks).toString());
}
