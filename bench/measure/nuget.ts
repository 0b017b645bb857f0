import { randomBytes } from 'node:crypto';
import { nupkg, pushForm } from '../../test/kit/nupkg.ts';
import { budgets } from '../budgets.ts';
import { keepOn } from '../peers/bare.ts';
import type { Peer } from '../peers/peer.ts';
import { type Row, rowsOf } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { compare, type Lane } from './compare.ts';
import { READERS } from './packuments.ts';

/** How many versions the package has, how many are pushed at a time, and about how large they are. */
const VERSIONS = 500;
const PUSHERS = 8;
const SIZE = 100 * 1024;

const feed = '/api/v4/projects/root%2Fbench/packages/nuget';

/** What clients read of a package of 500 versions, beside bare Node; and how its versions are pushed. */
export async function nugetIndexes(bench: Workbench): Promise<Row[]> {
  const packhouse = await bench.packhouse();
  const seconds = await pushAll(packhouse);
  const read = async (path: string, title: string): Promise<Row[]> => {
    const lanes = await lanesOf(bench, packhouse, path);
    const work = `${title} of ${VERSIONS} NuGet versions`;
    return rowsOf(await compare(bench.generator, lanes, bench.options.rounds), work, budgets.nugetIndex);
  };
  return [
    ...(await read('/download/bench/index.json', 'list')),
    ...(await read('/metadata-gz/bench/index.json', 'registration index')),
    ...(await read('/metadata-gz/bench/page/1.0.0/1.0.63.json', 'registration page')),
    { work: `push of 100 KB, ${PUSHERS} at once`, unit: '/s', packhouse: VERSIONS / seconds },
  ];
}

/** Packhouse, and bare Node that sends the same bytes. */
async function lanesOf(bench: Workbench, packhouse: Peer, path: string): Promise<Lane[]> {
  const headers = { ...packhouse.headers, 'accept-encoding': 'gzip' };
  const response = await fetch(addressOf(packhouse, path), { headers });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  const packed = new Blob([await response.arrayBuffer()]).stream().pipeThrough(new CompressionStream('gzip'));
  const bare = await bench.bare();
  const kept = await keepOn(bare, {
    path,
    body: new Uint8Array(await new Response(packed).arrayBuffer()),
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  });
  const lane = (name: 'packhouse' | 'bare', server: Peer['server'], at: string): Lane => ({
    name,
    pid: server.pid,
    task: (round) => ({
      kind: 'repeat',
      host: server.host,
      port: server.port,
      path: at,
      headers,
      connections: READERS,
      seconds: bench.options.seconds * (round === 0 ? 2 : 1),
      status: 200,
      awake: true,
    }),
  });
  return [lane('packhouse', packhouse.server, feed + path), lane('bare', bare, kept)];
}

/** Pushes all versions as NuGet does. Answers how many seconds it took. */
async function pushAll(packhouse: Peer): Promise<number> {
  const content = randomBytes(SIZE);
  const waiting = Array.from({ length: VERSIONS }, (_, index) => {
    const files = [{ path: 'lib/netstandard2.0/Bench.dll', content, stored: true }];
    return pushForm(nupkg({ id: 'Bench', version: `1.0.${index}`, files }));
  });
  const start = performance.now();
  const pusher = async () => {
    for (let form = waiting.pop(); form; form = waiting.pop()) {
      const headers = { ...packhouse.headers, ...form.headers };
      const response = await fetch(addressOf(packhouse, '/'), {
        method: 'PUT',
        headers,
        body: new Uint8Array(form.body),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`a push was refused: ${response.status} ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: PUSHERS }, pusher));
  return (performance.now() - start) / 1000;
}

function addressOf({ server }: Peer, path: string): string {
  return `http://${server.host}:${server.port}${feed}${path}`;
}
