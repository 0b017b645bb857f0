import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** Where a file is, and the token to send. */
export interface Remote {
  readonly url: string;
  readonly token: string;
}

/** The result of a run of curl. */
export interface Curled {
  readonly code: number | null;
  readonly status: number;
  readonly output: string;
}

function curl({ url, token }: Remote, ...args: string[]): ChildProcessWithoutNullStreams {
  const quiet = ['--no-progress-meter', '--write-out', '%{stderr}status:%{http_code}\n'];
  const child = spawn('curl', [...quiet, '--header', `PRIVATE-TOKEN: ${token}`, ...args, url]);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('close', () => process.off('exit', kill));
  return child;
}

async function outcome(child: ChildProcessWithoutNullStreams, errors: Promise<string>) {
  const [[code], stderr] = await Promise.all([once(child, 'close'), errors]);
  const status = Number(/status:(\d+)/.exec(stderr)?.[1]);
  return { code: code as number | null, status, stderr };
}

/** Uploads bytes from a pipe, so that their number is not known in advance. */
export async function curlUpload(remote: Remote, pieces: Iterable<Uint8Array>): Promise<Curled> {
  const child = curl(remote, '--fail-with-body', '--upload-file', '-');
  const output = text(child.stdout);
  const ended = outcome(child, text(child.stderr));
  // If it is refused, curl exits before it has read everything; its output explains more than the broken pipe.
  await pipeline(Readable.from(pieces), child.stdin).catch(() => {});
  const { code, status, stderr } = await ended;
  return { code, status, output: `${await output}${code === 0 ? '' : stderr}` };
}

/**
 * Downloads from the byte `from` on (`--continue-at`), or the `range` of bytes, and passes each piece to `take`, until
 * that returns false: curl is then killed, and the connection with it.
 */
export async function curlDownload(
  remote: Remote,
  { from, range }: { readonly from?: number; readonly range?: string },
  take: (bytes: Uint8Array) => boolean,
): Promise<Curled> {
  const part = [
    ...(from === undefined ? [] : ['--continue-at', String(from)]),
    ...(range === undefined ? [] : ['--range', range]),
  ];
  const child = curl(remote, '--fail', '--location', ...part);
  const ended = outcome(child, text(child.stderr));
  for await (const bytes of child.stdout) {
    if (take(bytes)) continue;
    child.kill('SIGKILL');
    break;
  }
  const { code, status, stderr } = await ended;
  return { code, status, output: stderr };
}
