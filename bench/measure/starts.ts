import { setTimeout as delay } from 'node:timers/promises';
import { budgets } from '../budgets.ts';
import type { Peer, RunningServer } from '../peers/peer.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { median } from './median.ts';
import { READERS } from './packuments.ts';
import { memoryOf } from './process-use.ts';

const MB = 1024 * 1024;

/** How long a server is idle before its memory is measured, in milliseconds. */
const REST = 2_000;

/** Versions of the package that is requested. */
const VERSIONS = 10;

/** Starts on existing data up to the first response, and memory before and after load. */
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
  const [packhouse, verdaccio] = [memory.get('Packhouse'), memory.get('Verdaccio')];
  return [
    {
      ...row('start, up to the first response', 'ms', median(times.Packhouse), median(times.Verdaccio)),
      budget: budgets.startUp,
    },
    { ...row('memory when idle', 'MB', packhouse?.idle, verdaccio?.idle), budget: budgets.idleMemory },
    row('memory after load', 'MB', packhouse?.loaded, verdaccio?.loaded),
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

function row(work: string, unit: string, packhouse = Number.NaN, verdaccio = Number.NaN): Row {
  return { work, unit, packhouse, verdaccio, toVerdaccio: packhouse / verdaccio };
}
