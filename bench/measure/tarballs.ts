import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { budgets } from '../budgets.ts';
import { tarballOf } from '../packages/publish-request.ts';
import type { Peer } from '../peers/peer.ts';
import { type Row, rowsOf } from '../report.ts';
import { publish, type Workbench } from '../workbench.ts';
import { type Comparison, compare, type Lane, laneName, type ServerName } from './compare.ts';

const MB = 1024 * 1024;

/** Concurrent connections that download. */
const LOADERS = 8;

/** Downloads of a small and of a large tarball. */
export async function tarballs(bench: Workbench): Promise<Row[]> {
  return [
    ...rowsOf(await compareTarballs(bench, 'small', 100 * 1024), 'tarball of 100 KB', budgets.tarball100k),
    ...rowsOf(await compareTarballs(bench, 'large', 5 * MB), 'tarball of 5 MB', budgets.tarball5m),
  ];
}

async function compareTarballs(bench: Workbench, kind: string, size: number): Promise<Comparison> {
  const packageName = `tarball-${kind}`;
  const tarball = tarballOf(packageName, '1.0.0', size);
  const peers = await bench.peers();
  for (const peer of peers) await publish(peer, packageName, '1.0.0', tarball);
  const file = join(bench.directory, `${packageName}.tgz`);
  await writeFile(file, tarball);
  const laneFor = (name: ServerName, at: Pick<Peer, 'server' | 'headers'>, path: string): Lane => ({
    name,
    pid: at.server.pid,
    task: () => ({
      kind: 'repeat',
      host: at.server.host,
      port: at.server.port,
      path,
      headers: at.headers,
      connections: LOADERS,
      seconds: bench.options.seconds,
      status: 200,
    }),
  });
  const lanes = peers.map((peer) =>
    laneFor(laneName(peer), peer, `${peer.path}/${packageName}/-/${packageName}-1.0.0.tgz`),
  );
  const bare = { server: await bench.bare(), headers: {} };
  lanes.push(laneFor('bare', bare, `/file?${encodeURIComponent(file)}`));
  return compare(bench.generator, lanes, bench.options.rounds);
}
