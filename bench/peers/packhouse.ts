import { join } from 'node:path';
import { nodeFlags } from '../../test/kit/node-flags.ts';
import { nodeLine, type Peer, type Ready, startServer } from './peer.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'packhouse.mjs');
const token = 'phat-token-of-the-bench-and-nothing-else';

/** Starts Packhouse as `npm start` does, with a log of errors only, and makes a private project. */
export async function startPackhouse(directory: string, flags: readonly string[] = []): Promise<Peer> {
  const headers = { authorization: `Bearer ${token}` };
  const settings = ['--data-dir', join(directory, 'data'), '--root-token', token, '--log', 'error'];
  const start = (ready: Ready) =>
    startServer({
      directory,
      line: (port) =>
        nodeLine(
          program,
          ['serve', '--host', '127.0.0.1', '--port', String(port), ...settings],
          [...nodeFlags, ...flags],
        ),
      ready,
    });
  const server = await start({ path: '/api/v4/projects', headers });
  const response = await fetch(`http://${server.host}:${server.port}/api/v4/projects`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', visibility: 'private' }),
  });
  if (response.status !== 201) throw new Error(`the project was not created: ${await response.text()}`);
  const path = '/api/v4/projects/root%2Fbench/packages/npm';
  return { name: 'Packhouse', path, headers, server, restart: start };
}
