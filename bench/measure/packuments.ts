import { budgets } from '../budgets.ts';
import type { RepeatTask } from '../load/task.ts';
import { keepOn } from '../peers/bare.ts';
import type { Peer } from '../peers/peer.ts';
import { type Row, rowsOf } from '../report.ts';
import { addressOf, type Workbench } from '../workbench.ts';
import { type Comparison, compare, figure, type Lane, laneName, ratio } from './compare.ts';
import { firstReads } from './first-reads.ts';

/** Concurrent connections: enough that a server always has a next request. */
export const READERS = 64;

/** How a packument is requested. */
interface Form {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the client already has it. */
  readonly known?: boolean;
}

const full: Form = {
  title: 'full',
  headers: { accept: 'application/json', 'accept-encoding': 'identity' },
};
const abbreviated: Form = {
  title: 'abbreviated, gzip',
  headers: {
    accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
    'accept-encoding': 'gzip',
  },
};
const known: Form = { ...abbreviated, title: 'abbreviated, not modified', known: true };

/** Packuments of 10 versions. */
export async function smallPackuments(bench: Workbench): Promise<Row[]> {
  const budget = budgets.packument10;
  return [
    ...rowsOf(await comparePackuments(bench, 10, full), 'packument of 10, full', budget),
    ...rowsOf(await comparePackuments(bench, 10, abbreviated), 'packument of 10, abbreviated, gzip', budget),
    ...rowsOf(await comparePackuments(bench, 10, known), 'packument of 10, not modified'),
  ];
}

/** Packuments of 500 versions. */
export async function largePackuments(bench: Workbench): Promise<Row[]> {
  const budget = budgets.packument500;
  return [
    ...rowsOf(await comparePackuments(bench, 500, full), 'packument of 500, full'),
    ...rowsOf(
      await comparePackuments(bench, 500, abbreviated),
      'packument of 500, abbreviated, gzip',
      budget,
    ),
    ...rowsOf(await comparePackuments(bench, 500, known), 'packument of 500, not modified'),
  ];
}

/** How the cost of an index that the client already has, and of the first one after a publish, grows with its versions. */
export async function growth(bench: Workbench): Promise<Row[]> {
  const packhouse = await bench.packhouse();
  const sizes = bench.options.large ? [10, 500, 10_000] : [10, 500];
  const lanes: Lane<string>[] = [];
  for (const size of sizes) {
    lanes.push({ ...(await laneOf(bench, packhouse, size, known)), name: String(size) });
  }
  const measured = await compare(bench.generator, lanes, bench.options.rounds);
  const unchanged = sizes.map(
    (size): Row => ({
      work: `not modified, ${size.toLocaleString('en-US')} versions: processor time`,
      unit: 'µs',
      packhouse: figure(measured, String(size), 'cpu') ?? Number.NaN,
      itself: ratio(measured, [String(size), '10'], 'cpu'),
      ...(size !== 10 && { budget: budgets.growth }),
    }),
  );
  return [...unchanged, ...(await firstReads(bench))];
}

async function comparePackuments(bench: Workbench, versions: number, form: Form): Promise<Comparison> {
  const peers = await bench.peers();
  const lanes: Lane[] = [];
  for (const peer of peers) lanes.push(await laneOf(bench, peer, versions, form));
  lanes.push(await bareLane(bench, peers[0], versions, form));
  return compare(bench.generator, lanes, bench.options.rounds);
}

async function laneOf(bench: Workbench, peer: Peer, versions: number, form: Form): Promise<Lane> {
  const name = await bench.package(peer, versions);
  const headers = { ...peer.headers, ...form.headers };
  const etag = form.known ? await etagOf(peer, name, headers) : '';
  return {
    name: laneName(peer),
    pid: peer.server.pid,
    task: (round) => ({
      ...repeat(bench, peer, `${peer.path}/${name}`, headers, etag, round),
      // Verdaccio compresses on other threads, which need the core that a generator would keep busy.
      awake: peer.name === 'Packhouse',
    }),
  };
}

/** The bare server, which sends what Packhouse sends. */
async function bareLane(bench: Workbench, peer: Peer, versions: number, form: Form): Promise<Lane> {
  const name = await bench.package(peer, versions);
  const bare = await bench.bare();
  const response = await fetch(`${addressOf(peer)}/${name}`, {
    headers: { ...peer.headers, ...form.headers },
  });
  // Compresses again what fetch has decompressed; it need not be the registry's own gzip stream.
  const raw = new Uint8Array(await response.arrayBuffer());
  const encoding = response.headers.get('content-encoding');
  const body = encoding === 'gzip' ? await gzipped(raw) : raw;
  const etag = response.headers.get('etag') ?? '';
  const kept = {
    path: `/${name}/${form.title.replaceAll(/\W+/g, '-')}`,
    body,
    headers: {
      'content-type': response.headers.get('content-type') ?? '',
      ...(encoding && { 'content-encoding': encoding }),
      etag,
    },
  };
  const path = await keepOn(bare, kept);
  return {
    name: 'bare',
    pid: bare.pid,
    task: (round) => ({
      ...repeat(bench, { server: bare }, path, form.headers, form.known ? etag : '', round),
      awake: true,
    }),
  };
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

async function etagOf(peer: Peer, name: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(`${addressOf(peer)}/${name}`, { headers });
  await response.arrayBuffer();
  const etag = response.headers.get('etag');
  if (!etag) throw new Error(`${peer.name} gives ${name} no ETag`);
  return etag;
}

function repeat(
  { options }: Workbench,
  { server }: Pick<Peer, 'server'>,
  path: string,
  headers: Readonly<Record<string, string>>,
  etag: string,
  round: number,
): RepeatTask {
  return {
    kind: 'repeat',
    host: server.host,
    port: server.port,
    path,
    headers: etag ? { ...headers, 'if-none-match': etag } : headers,
    connections: READERS,
    seconds: options.seconds * (round === 0 ? 2 : 1),
    status: etag ? 304 : 200,
  };
}
