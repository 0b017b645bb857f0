import { createHash } from 'node:crypto';
import { budgets } from '../budgets.ts';
import type { Peer } from '../peers/peer.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { cachedIndex, send, timed } from './cached-index.ts';

/** How many versions the artifact has, and how many are deployed concurrently. */
const VERSIONS = 500;
const DEPLOYERS = 8;

const artifact = '/api/v4/projects/root%2Fbench/packages/maven/com/example/bench';

/** The metadata of an artifact of 500 versions, compressed and not modified, compared with bare Node; and the rate of deployments. */
export async function mavenMetadata(bench: Workbench): Promise<Row[]> {
  const packhouse = await bench.packhouse();
  const versions = Array.from({ length: VERSIONS }, (_, index) => `1.${index}`);
  const seconds = await timed(versions, DEPLOYERS, (version) => deploy(packhouse, version));
  const path = `${artifact}/maven-metadata.xml`;
  const title = `maven-metadata of ${VERSIONS}`;
  const budget = budgets.index;
  return [
    ...(await cachedIndex(bench, { path, work: `${title}, gzip`, budget })),
    ...(await cachedIndex(bench, { path, work: `${title}, not modified`, known: true })),
    {
      work: `deployment of a jar and a POM, ${DEPLOYERS} in parallel`,
      unit: '/s',
      packhouse: VERSIONS / seconds,
    },
  ];
}

/** Deploys a version as Maven does: a POM and a jar, each with its checksum after it. */
async function deploy(packhouse: Peer, version: string): Promise<void> {
  const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>com.example</groupId>
<artifactId>bench</artifactId><version>${version}</version></project>`;
  const files = { pom, jar: `the jar of ${version} `.repeat(100) };
  for (const [ending, content] of Object.entries(files)) {
    const path = `${artifact}/${version}/bench-${version}.${ending}`;
    await send(packhouse, path, { method: 'PUT', body: content });
    const sha1 = createHash('sha1').update(content).digest('hex');
    await send(packhouse, `${path}.sha1`, { method: 'PUT', body: sha1 });
  }
}
