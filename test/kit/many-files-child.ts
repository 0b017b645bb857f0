/**
 * Publishes versions of sixty files without end into the data directory named on the command line, in four loops. Prints
 * a line of JSON for each version once its publish is acknowledged.
 */

import { randomBytes } from 'node:crypto';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { createRegistry } from '../../services/runtime/compose.ts';
import { named } from './names.ts';
import { keeping } from './publish.ts';

const [directory = '', run = '', projectJson = ''] = process.argv.slice(2);
const project = JSON.parse(projectJson) as Project;
const log = { debug() {}, info() {}, error() {} };
const stores = await openEmbedded(directory);
const registry = createRegistry({ ...stores, log }, { url: 'http://registry.test' });
const actor = { kind: 'user', id: 1, name: 'root' } as const;

async function publish(name: string, version: string): Promise<void> {
  const names = Array.from({ length: 60 }, (_, n) => `file-${n}`);
  // Half of the bytes are those of every other version.
  const staged = names.map(async (fileName, n) => ({
    fileName: named.file(fileName),
    contentType: 'text/plain',
    blob: await stageBytes(registry, n % 2 === 0 ? Buffer.from(fileName) : randomBytes(100)),
  }));
  const input = {
    project,
    actor,
    format: keeping,
    name: named.package(name),
    version: named.version(version),
    metadata: {},
    tags: [named.tag('latest')],
  };
  await publishVersion(registry, { ...input, files: await Promise.all(staged) });
}

async function loop(number: number): Promise<void> {
  for (let n = 0; ; n++) {
    const [name, version] = [`package-${number % 2}`, `${run}.${number}.${n}`];
    await publish(name, version);
    process.stdout.write(`${JSON.stringify({ name, version })}\n`);
  }
}

await Promise.all(Array.from({ length: 4 }, (_, number) => loop(number)));
