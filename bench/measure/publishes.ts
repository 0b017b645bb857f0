import { budgets } from '../budgets.ts';
import type { Peer } from '../peers/peer.ts';
import { type Row, rowsOf } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { type Comparison, compare, type Lane, laneName } from './compare.ts';

const SIZE = 100 * 1024;

/** Publishes in a round of a full run, by server and for each connection: about two seconds of each. */
const counts = {
  one: { packhouse: 400, verdaccio: 150, bare: 500 },
  eight: { packhouse: 800, verdaccio: 200, bare: 1000 },
} as const;

/** Publishes of 100 KB, one at a time and eight in parallel. */
export async function publishes(bench: Workbench): Promise<Row[]> {
  return [
    ...rowsOf(await comparePublishes(bench, 'one', 1), 'publish of 100 KB, alone', budgets.publish),
    ...rowsOf(await comparePublishes(bench, 'eight', 8), 'publish of 100 KB, 8 in parallel', budgets.publish),
  ];
}

async function comparePublishes(
  bench: Workbench,
  kind: keyof typeof counts,
  connections: number,
): Promise<Comparison> {
  const lane = (name: keyof (typeof counts)['one'], at: Pick<Peer, 'server' | 'headers' | 'path'>): Lane => ({
    name,
    pid: at.server.pid,
    task: (round) => ({
      kind: 'publish',
      host: at.server.host,
      port: at.server.port,
      path: at.path,
      headers: at.headers,
      connections,
      count: Math.ceil(counts[kind][name] * bench.options.share * (round === 0 ? 0.5 : 1)),
      name: `publish-${kind}-${round}`,
      versionsPerName: 10,
      size: SIZE,
    }),
  });
  const peers = await bench.peers();
  const bare = { server: await bench.bare(), headers: {}, path: '/publish' };
  const lanes = peers.map((peer) => lane(laneName(peer), peer));
  return compare(bench.generator, [...lanes, lane('bare', bare)], bench.options.rounds);
}
