import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startGenerator } from './load/generator.ts';
import type { Options } from './options.ts';
import { publishBody, tarballOf } from './packages/publish-request.ts';
import { startBare } from './peers/bare.ts';
import { type Nginx, startNginx } from './peers/nginx.ts';
import { startPackhouse } from './peers/packhouse.ts';
import type { Peer, RunningServer } from './peers/peer.ts';
import { startVerdaccio } from './peers/verdaccio.ts';

/** The size of tarballs of packages of which only the index is requested, in bytes. */
const TINY = 256;

/** The servers and tools of the measurements. Each server is started when it is first used. */
export type Workbench = Awaited<ReturnType<typeof openWorkbench>>;

/** Opens a workbench on the disk of the repository: a directory for temporary files may be memory. */
export async function openWorkbench(options: Options) {
  const home = join(import.meta.dirname, '..', '.cache', 'bench');
  await mkdir(home, { recursive: true });
  const directory = await mkdtemp(join(home, 'data-'));
  const generator = startGenerator();
  const running = new Set<RunningServer>();
  const published = new Map<string, Promise<void>>();

  async function started<T extends Peer | Nginx | RunningServer | undefined>(
    starting: Promise<T>,
  ): Promise<T> {
    const peer = await starting;
    if (peer) running.add('server' in peer ? peer.server : peer);
    return peer;
  }

  const packhouse = once(() => started(startPackhouse(join(directory, 'packhouse'))));
  const verdaccio = once(() => started(startVerdaccio(join(directory, 'verdaccio'))));
  const bare = once(() => started(startBare(join(directory, 'bare'))));
  const nginx = once(() => started(startNginx(join(directory, 'nginx'))));

  return {
    options,
    generator,
    directory,
    packhouse,
    bare,
    nginx,
    /** The registries, Packhouse first. */
    async peers(): Promise<readonly [Peer, ...Peer[]]> {
      const [mine, other] = [await packhouse(), await verdaccio()];
      return other ? [mine, other] : [mine];
    },
    /** Publishes a package of this many versions, once; returns its name. */
    async package(peer: Peer, versions: number): Promise<string> {
      const name = `versions-${versions}`;
      const key = `${peer.name} ${name}`;
      const publishing = published.get(key) ?? publishAll(peer, name, versions);
      published.set(key, publishing);
      await publishing;
      return name;
    },
    /** New registries with only a package of this many versions; they are stopped. */
    async stoppedPeers(name: string, versions: number): Promise<Peer[]> {
      const [mine, other] = await Promise.all([
        startPackhouse(join(directory, 'packhouse-to-start')),
        startVerdaccio(join(directory, 'verdaccio-to-start')),
      ]);
      const peers = other ? [mine, other] : [mine];
      for (const peer of peers) {
        await publishAll(peer, name, versions);
        await peer.server.stop();
      }
      return peers;
    },
    async close(): Promise<void> {
      generator.stop();
      for (const server of running) await server.stop();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function publishAll(peer: Peer, name: string, versions: number): Promise<void> {
  // The newest is last; Verdaccio refuses to publish to one package from several connections.
  const waiting = Array.from(
    { length: versions },
    (_, number) => `1.${Math.floor(number / 100)}.${number % 100}`,
  );
  const connections = peer.name === 'Packhouse' ? 8 : 1;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let version = waiting.shift(); version; version = waiting.shift()) {
        await publish(peer, name, version, tarballOf(name, version, TINY));
      }
    }),
  );
}

/** Publishes one version as npm does. */
export async function publish(peer: Peer, name: string, version: string, tarball: Buffer): Promise<void> {
  const registry = addressOf(peer);
  const response = await fetch(`${registry}/${name}`, {
    method: 'PUT',
    headers: { ...peer.headers, 'content-type': 'application/json' },
    body: publishBody(name, version, tarball, registry),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${peer.name} refused ${name} ${version}: ${response.status} ${answer}`);
}

/** The npm registry's address at a peer. */
export function addressOf({ server, path }: Peer): string {
  return `http://${server.host}:${server.port}${path}`;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
