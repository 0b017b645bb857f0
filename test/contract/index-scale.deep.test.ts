import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordCalls, sequentialTrips } from '../../bench/measure/record-calls.ts';
import { type Embedded, openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { digestsOf } from '../../services/domain/digests.ts';
import type { Version } from '../../services/domain/packages.ts';
import type { Registry } from '../../services/registry/context.ts';
import { indexWrites, stateFile } from '../../services/registry/indexes/index-writes.ts';
import { named } from '../kit/names.ts';
import { startApp } from '../kit/start-app.ts';
import { toyIndex } from '../kit/toy-format/repository-index.ts';
import { anotherProcess, readRepositoryDocument, toyPackages, toyRules } from '../kit/toy-index.ts';

const STANZAS = 100_000;

/** Makes each stanza longer: some 60 MB in all. */
const description = 'as long as the description of a package of some distribution is '.repeat(8);

let directory: string;
let stores: Embedded;
let registry: Registry;
let project: Project;
let smallProject: Project;
const recorder = recordCalls();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'packhouse-scale-'));
  stores = await openEmbedded(directory, { cacheBytes: 8 << 20 });
  const table = recorder.table('table', stores.table);
  const app = await startApp({ stores: { ...stores, table } });
  registry = anotherProcess(app.registry, stores.seal);
  project = await app.project('tools');
  smallProject = await app.project('small');
  await fill();
});

afterAll(async () => {
  await stores?.close();
  await rm(directory, { recursive: true });
});

/** Writes the stanzas of that many publishes, without their packages, which the index does not read. */
async function fill(): Promise<void> {
  const digests = digestsOf('');
  const facts = {
    contentType: '',
    size: 1,
    digests,
    storageKey: '',
    createdAt: 0,
    fileName: named.file('toy.bin'),
  };
  for (let start = 0; start < STANZAS; start += 98) {
    const stated = Array.from({ length: Math.min(98, STANZAS - start) }, (_, index) => {
      const id = start + index + 1_000_000;
      const version = { id, name: `app${id}`, version: '1', metadata: { description } } as unknown as Version;
      return stateFile(toyIndex, version, { ...facts, id, versionId: id, version: named.version('1') });
    });
    await registry.table.write(
      indexWrites({ projectId: project.id, format: 'toy2', name: named.package('many') }, { stated }),
    );
  }
}

test(`an index of ${STANZAS} stanzas is built in little memory`, async () => {
  const toys = toyPackages(registry, project);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  expect(await toys.build()).toBe('built');
  clearInterval(watch);
  const size =
    (await readRepositoryDocument(registry, toyRules, { ref: toys.ref, name: 'apps/Packages' }))?.size ?? 0;
  expect(size).toBeGreaterThan(60e6);
  // Beside a page, compression and late garbage collection, this leaves less than the size of the index.
  expect(most - before).toBeLessThan(150e6);
  const text = gunzipSync((await toys.document('apps/Packages.gz')) ?? '').toString();
  expect(text.match(/^Package: /gm)).toHaveLength(STANZAS);
});

test('a read of a large index and a publish into it make as many store calls as with one package', async () => {
  const small = toyPackages(registry, smallProject);
  const large = toyPackages(registry, project);
  const costs = async (toys: typeof small) => {
    await toys.publish('first', '1');
    await toys.build();
    recorder.take();
    await toys.publish('second', '1');
    const publish = recorder.take();
    await toys.build();
    recorder.take();
    const found = await readRepositoryDocument(registry, toyRules, { ref: toys.ref, name: 'InRelease' });
    const read = recorder.take();
    expect(found?.bytes).toBeDefined();
    return [sequentialTrips(publish), publish.length, sequentialTrips(read), read.length];
  };
  expect(await costs(large)).toEqual(await costs(small));
});

test('a change in one part does not rebuild a part of 100,000 stanzas', async () => {
  const toys = toyPackages(registry, project);
  await toys.listed('apps');
  await toys.publish('libfig', '1');
  recorder.take();
  expect(await toys.build()).toBe('built');
  expect(recorder.take().length).toBeLessThan(100);
});
