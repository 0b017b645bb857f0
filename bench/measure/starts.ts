import { setTimeout as delay } from 'node:timers/promises';
import { budgets } from '../budgets.ts';
import type { Peer, RunningServer } from '../peers/peer.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { median } from './median.ts';
import { READERS } from './packuments.ts';
import { memoryOf } from './process-use.ts';

const MB = 1024 * 1024;

/** How long a server is left alone before its memory is looked at, in milliseconds. */
const REST = 2_000;

/** Versions of the package that is asked for. */
const VERSIONS = 10;

/** Starts on data that are there, up to the first answer, and memory before and after a load. */
export async function starts(bench: Workbench): Promise<Row[]> {
  const name = 'some-package';
  const peers = await bench.stoppedPeers(name, VERSIONS);
  const times: Record<Peer['name'], number[]> = { Packhouse: [], Verdaccio: [] };
  for (let round = 0; round < bench.options.rounds; round++) {
    for (const peer of peers) {
      const server = await peer.restart({ path: `${peer.path}/${name}`, headers: peer.headers, status: 200 });
      times[peer.name].push(server.startedIn);
      await server.stop();
    }
  }
  const memory = new Map<Peer['name'], { idle: number; loaded: number }>();
  for (const peer of peers) memory.set(peer.name, await memoryUse(bench, peer, `${peer.path}/${name}`));
  const [mine, theirs] = [memory.get('Packhouse'), memory.get('Verdaccio')];
  return [
    {
      ...row('start, up to the first answer', 'ms', median(times.Packhouse), median(times.Verdaccio)),
      budget: budgets.startUp,
    },
    { ...row('memory when idle', 'MB', mine?.idle, theirs?.idle), budget: budgets.idleMemory },
    row('memory after a load', 'MB', mine?.loaded, theirs?.loaded),
  ];
}

async function memoryUse(bench: Workbench, peer: Peer, path: string) {
  const server = await peer.restart({ path, headers: peer.headers, status: 200 });
  try {
    await delay(REST);
    const idle = memoryOf(server.pid) / MB;
    await load(bench, server, peer, path);
    await delay(REST);
    return { idle, loaded: memoryOf(server.pid) / MB };
  } finally {
    await server.stop();
  }
}

function load(bench: Workbench, { host, port }: RunningServer, { headers }: Peer, path: string) {
  const seconds = bench.options.seconds * 2;
  const repeated = { host, port, path, headers, seconds, connections: READERS, status: 200 };
  return bench.generator.run({ kind: 'repeat', ...repeated });
}

function row(work: string, unit: string, mine = Number.NaN, theirs = Number.NaN): Row {
  return { work, unit, packhouse: mine, verdaccio: theirs, toVerdaccio: mine / theirs };
}
