import { createHash } from 'node:crypto';
import { budgets } from '../budgets.ts';
import { keepOn } from '../peers/bare.ts';
import type { Peer } from '../peers/peer.ts';
import { type Row, rowsOf } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { compare, type Lane } from './compare.ts';
import { READERS } from './packuments.ts';

/** How many versions the artifact has, and how many are deployed at a time. */
const VERSIONS = 500;
const DEPLOYERS = 8;

const artifact = '/api/v4/projects/root%2Fbench/packages/maven/com/example/bench';

/** The metadata of an artifact of 500 versions, compressed and not modified, beside bare Node; and how it is deployed. */
export async function mavenMetadata(bench: Workbench): Promise<Row[]> {
  const packhouse = await bench.packhouse();
  const seconds = await deployAll(packhouse);
  const gzip = { ...packhouse.headers, 'accept-encoding': 'gzip' };
  const response = await fetch(addressOf(packhouse, '/maven-metadata.xml'), { headers: gzip });
  const raw = new Uint8Array(await response.arrayBuffer());
  const packed = new Blob([raw]).stream().pipeThrough(new CompressionStream('gzip'));
  const etag = response.headers.get('etag') ?? '';
  const bare = await bench.bare();
  const path = await keepOn(bare, {
    path: '/maven-metadata.xml',
    body: new Uint8Array(await new Response(packed).arrayBuffer()),
    headers: { 'content-type': 'text/xml', 'content-encoding': 'gzip', etag },
  });
  const lanes = (status: 200 | 304): Lane[] => {
    const known = status === 304 ? { 'if-none-match': etag } : {};
    const lane = (
      name: 'packhouse' | 'bare',
      { server, at }: { server: Peer['server']; at: string },
    ): Lane => ({
      name,
      pid: server.pid,
      task: (round) => ({
        kind: 'repeat',
        host: server.host,
        port: server.port,
        path: at,
        headers: { ...gzip, ...known },
        connections: READERS,
        seconds: bench.options.seconds * (round === 0 ? 2 : 1),
        status,
        awake: true,
      }),
    });
    return [
      lane('packhouse', { server: packhouse.server, at: `${artifact}/maven-metadata.xml` }),
      lane('bare', { server: bare, at: path }),
    ];
  };
  const { rounds } = bench.options;
  const title = `maven-metadata of ${VERSIONS}`;
  const budget = { bare: budgets.packument500.bare };
  return [
    ...rowsOf(await compare(bench.generator, lanes(200), rounds), `${title}, gzip`, budget),
    ...rowsOf(await compare(bench.generator, lanes(304), rounds), `${title}, not modified`),
    {
      work: `deployment of a jar and a POM, ${DEPLOYERS} at once`,
      unit: '/s',
      packhouse: VERSIONS / seconds,
    },
  ];
}

/** Deploys all versions as Maven does: a POM and a jar, each with its checksum after it. Answers how long it took. */
async function deployAll(packhouse: Peer): Promise<number> {
  const waiting = Array.from({ length: VERSIONS }, (_, index) => `1.${index}`);
  const start = performance.now();
  const deployer = async () => {
    for (let version = waiting.pop(); version; version = waiting.pop()) await deploy(packhouse, version);
  };
  await Promise.all(Array.from({ length: DEPLOYERS }, deployer));
  return (performance.now() - start) / 1000;
}

async function deploy(packhouse: Peer, version: string): Promise<void> {
  const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>com.example</groupId>
<artifactId>bench</artifactId><version>${version}</version></project>`;
  for (const [ending, content] of [
    ['pom', pom],
    ['jar', `the jar of ${version} `.repeat(100)],
  ]) {
    const path = `/${version}/bench-${version}.${ending}`;
    await put(packhouse, path, content ?? '');
    await put(
      packhouse,
      `${path}.sha1`,
      createHash('sha1')
        .update(content ?? '')
        .digest('hex'),
    );
  }
}

async function put(packhouse: Peer, path: string, body: string): Promise<void> {
  const address = addressOf(packhouse, path);
  const response = await fetch(address, { method: 'PUT', headers: packhouse.headers, body });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${path} was refused: ${response.status} ${answer}`);
}

function addressOf({ server }: Peer, path: string): string {
  return `http://${server.host}:${server.port}${artifact}${path}`;
}
