import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type RunningServer, startServer } from './peer.ts';

/** nginx, which serves the files of a directory and stores uploads in it. */
export interface Nginx {
  readonly server: RunningServer;
  /** The directory at the root of its addresses. */
  readonly files: string;
}

/** Directories in addition to those of `PATH`, in which Debian does not list servers for all users. */
const serverDirectories = ['/usr/sbin', '/usr/local/sbin', '/usr/local/nginx/sbin'];

/**
 * Files by `sendfile`, as the documentation advises for large ones, and `PUT` by the DAV module: the body is written to
 * a directory of the same disk and renamed. nginx does not wait until it is durable. One process is as fast as two
 * while a generator keeps the other core busy, and leaves no worker behind when the bench is stopped.
 */
function config(port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  client_max_body_size 0;
  ${temporary.map((name) => `${name}_temp_path temporary/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / {
      root files;
      dav_methods PUT;
      create_full_put_path on;
    }
  }
}
`;
}

/** Starts nginx on a directory of its own; undefined if it is not installed or has no DAV module. */
export async function startNginx(directory: string): Promise<Nginx | undefined> {
  const program = [...(process.env.PATH ?? '').split(delimiter), ...serverDirectories]
    .map((each) => join(each, 'nginx'))
    .find((path) => existsSync(path));
  if (!program) return without('it is not installed (on Debian and Ubuntu: apt-get install nginx-light)');
  const files = join(directory, 'files');
  await mkdir(files, { recursive: true });
  await mkdir(join(directory, 'temporary'), { recursive: true });
  await writeFile(join(files, 'ready'), 'ready\n');
  const file = join(directory, 'nginx.conf');
  try {
    const server = await startServer({
      directory,
      line: (port) => {
        writeFileSync(file, config(port));
        return [program, '-p', directory, '-e', 'stderr', '-c', file];
      },
      ready: { path: '/ready', status: 200 },
    });
    return { server, files };
  } catch (error) {
    return without((error as Error).message);
  }
}

function without(reason: string): undefined {
  process.stderr.write(`without nginx: ${reason}\n`);
  return undefined;
}
