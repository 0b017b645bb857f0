import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nodeLine, type Peer, type Ready, startServer } from './peer.ts';

const version = '6.10.4';
const home = join(import.meta.dirname, '..', '..', '.cache', 'bench', `verdaccio-${version}`);
const program = join(home, 'node_modules', 'verdaccio', 'bin', 'verdaccio');

/**
 * The server as its documentation sets it up for a company: tokens that are verified and not looked up (with which
 * it is fastest), no upstream registry, and a log of errors only.
 */
const config = `
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
security:
  api:
    jwt:
      sign:
        expiresIn: 7d
uplinks: {}
packages:
  '**':
    access: $authenticated
    publish: $authenticated
max_body_size: 100mb
log: { type: stdout, format: json, level: error }
`;

/**
 * Starts an empty Verdaccio, and logs a user in. It is installed into `.cache/bench` if it is missing; undefined if
 * that fails, as it does without a network.
 */
export async function startVerdaccio(directory: string): Promise<Peer | undefined> {
  try {
    await install();
  } catch (error) {
    process.stderr.write(`without Verdaccio, which can't be installed: ${(error as Error).message}\n`);
    return undefined;
  }
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'config.yaml'), config);
  const start = (ready: Ready) =>
    startServer({
      directory,
      line: (port) =>
        nodeLine(program, ['--config', join(directory, 'config.yaml'), '--listen', `127.0.0.1:${port}`]),
      ready,
    });
  const server = await start({ path: '/-/ping' });
  const response = await fetch(`http://${server.host}:${server.port}/-/user/org.couchdb.user:bench`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', password: 'only-for-the-bench' }),
  });
  const { token } = (await response.json()) as { readonly token: string };
  return {
    name: 'Verdaccio',
    path: '',
    headers: { authorization: `Bearer ${token}` },
    server,
    restart: start,
  };
}

async function install(): Promise<void> {
  if (existsSync(program)) return;
  await mkdir(home, { recursive: true });
  // It requires a version of node-fetch by a tag that not every mirror has.
  const overrides = { 'node-fetch': '2.7.0' };
  await writeFile(join(home, 'package.json'), JSON.stringify({ private: true, overrides }));
  const flags = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', ['install', ...flags, `verdaccio@${version}`], { cwd: home });
}
