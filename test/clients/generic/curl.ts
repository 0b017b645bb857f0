import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import type { Ran, RunOptions } from '../../kit/run-program.ts';
import { makeWorkspace, systemTool, type Workspace } from '../client.ts';

/** The curl of the system. */
export const curlTool = systemTool('curl', /^curl (\S+)/);

/** A run of curl: the status of the last response, the number of redirects, and the number of body bytes it sent. */
export interface Curled extends Ran {
  readonly status: number;
  readonly hops: number;
  readonly sent: number;
}

/** A user of curl with a folder of their own. */
export interface CurlUser {
  readonly space: Workspace;
  /** Runs curl with these arguments. Its progress meter stays off, its errors on. */
  curl(args: readonly string[], options?: Partial<RunOptions>): Promise<Curled>;
  /** The bytes of a file in the folder. */
  read(file: string): Promise<Buffer>;
}

/** The ways curl's users send a token. */
export const carriers = {
  'PRIVATE-TOKEN': ({ secret }: TestToken) => ['--header', `PRIVATE-TOKEN: ${secret}`],
  'DEPLOY-TOKEN': ({ secret }: TestToken) => ['--header', `DEPLOY-TOKEN: ${secret}`],
  'JOB-TOKEN': ({ secret }: TestToken) => ['--header', `JOB-TOKEN: ${secret}`],
  'Basic (--user)': ({ username, secret }: TestToken) => ['--user', `${username}:${secret}`],
  'Bearer (--oauth2-bearer)': ({ secret }: TestToken) => ['--oauth2-bearer', secret],
} as const;

/** A new curl user. */
export async function curlUser(): Promise<CurlUser> {
  const space = await makeWorkspace();
  return {
    space,
    async curl(args, options) {
      const marked = [
        '--no-progress-meter',
        '--write-out',
        '%{stderr}\nstatus:%{http_code} hops:%{num_redirects} sent:%{size_upload}\n',
      ];
      const ran = await space.run([...curlTool.command, ...marked, ...args], options);
      const match = /status:(\d+) hops:(\d+) sent:(\d+)/.exec(ran.stderr) ?? [];
      const [, status, hops, sent] = match.map(Number);
      return { ...ran, status: status ?? Number.NaN, hops: hops ?? Number.NaN, sent: sent ?? Number.NaN };
    },
    read: (file) => readFile(join(space.project, file)),
  };
}

/** The SHA-256 of bytes, in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
