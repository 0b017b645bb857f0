import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memorySeal } from '../../services/adapters/memory/memory-seal.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { PackageFile } from '../../services/domain/packages.ts';
import type { RepositoryIndex } from '../../services/domain/repository-index.ts';
import type { Seal } from '../../services/ports/seal.ts';
import { StoreUnavailable } from '../../services/ports/store-unavailable.ts';
import { purgeProjects, removeProject } from '../../services/registry/accounts/remove-project.ts';
import type { Registry } from '../../services/registry/context.ts';
import { LEASE, takeLease } from '../../services/registry/indexes/build-lease.ts';
import { configureIndex, rotateProjectKey } from '../../services/registry/indexes/project-indexes.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { sweepBlobs } from '../../services/registry/maintenance/collect/sweep-blobs.ts';
import { sweepClaims } from '../../services/registry/maintenance/collect/sweep-claims.ts';
import { sweepOrphans } from '../../services/registry/maintenance/collect/sweep-orphans.ts';
import { entityOf } from '../../services/registry/records/entities.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { purgeDue } from '../../services/registry/removal/purge.ts';
import { removeFile } from '../../services/registry/removal/remove-file.ts';
import { restoreVersion } from '../../services/registry/removal/restore.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { named } from '../kit/names.ts';
import { listAll } from '../kit/publish.ts';
import { diesAfter } from '../kit/racing-writes.ts';
import { runJobs } from '../kit/run-jobs.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { toy } from '../kit/toy-format/format.ts';
import type { ToyMetadata } from '../kit/toy-format/metadata.ts';
import { toyIndex } from '../kit/toy-format/repository-index.ts';
import { anotherProcess, readRepositoryDocument, toyPackages, toyRules } from '../kit/toy-index.ts';
import type { OpenedStores } from './publish-cases.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;
const HOUR = 3600_000;

/** Metadata that is too long for an item and does not compress. */
const long = () => ({ description: randomBytes(20_000).toString('base64') });

/**
 * Indexes over all packages of a project, with real races, on the stores that `open` returns. The core promises this
 * behaviour, so it must hold on every adapter.
 */
export function describeIndexes(name: string, open: () => Promise<OpenedStores>): void {
  describe(`indexes on ${name}`, () => {
    let close: () => Promise<void>;
    let app: TestApp;
    let project: Project;
    let seal: Seal;
    let registry: Registry;
    let toys: ReturnType<typeof toyPackages>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp({
        stores: opened.stores,
        formats: [...allFormats, toy],
        settings: { retention: 7 * 24 * HOUR },
      });
      seal = memorySeal();
      registry = process();
      project = await app.project('tools');
      toys = toyPackages(registry, project);
    });
    afterEach(() => close());

    const refOf = (name: string) => ({
      projectId: project.id,
      format: toyRules.id,
      name: named.package(name),
    });
    const process = (): Registry => anotherProcess(app.registry, seal);

    /** Removes everything that nothing refers to, and checks that the rest is sound. */
    async function expectNoLeak(): Promise<void> {
      app.clock.advance(8 * 24 * HOUR);
      await purgeDue(registry);
      // Blob stores take the time of a change from the machine's clock.
      app.clock.advance(10 * 365 * 24 * HOUR);
      await sweepBlobs(registry);
      await sweepOrphans(registry);
      const { problems, stored, records } = await checkStorage(registry, { verify: true, concurrency: 4 });
      expect(problems).toEqual([]);
      expect(stored).toEqual(records);
    }

    test('a project without packages has no index', async () => {
      expect(await toys.document('InRelease')).toBeUndefined();
    });

    test('an index lists what is published, in order, also compressed, with a signed release', async () => {
      await toys.publish('pear', '1');
      await toys.publish('apple', '2');
      await toys.publish('libfig', '1');
      expect(await toys.listed()).toEqual(['apple 2', 'pear 1']);
      expect(await toys.listed('libs')).toEqual(['libfig 1']);
      expect(gunzipSync((await toys.document('apps/Packages.gz')) ?? '').toString()).toBe(
        await toys.text('apps/Packages'),
      );
      expect(await toys.text('names')).toBe('apple\npear\nlibfig\n');
      const { text, signers } = await toys.release();
      expect(signers).toHaveLength(1);
      expect(text).toContain('\n apps 2\n libs 1\n');
      for (const [, sha256, size, file] of text.matchAll(/^ ([0-9a-f]{64}) (\d+) (.*)$/gm)) {
        const found = await readRepositoryDocument(registry, toyRules, { ref: toys.ref, name: file ?? '' });
        expect([file, found?.digests.sha256, found?.size]).toEqual([file, sha256, Number(size)]);
      }
      expect(await toys.document('apps/names')).toBeUndefined();
      expect(await toys.document('nothing')).toBeUndefined();
    });

    test('a current index is not rebuilt, and a build keeps the parts that did not change', async () => {
      await toys.publish('pear', '1');
      await toys.publish('libfig', '1');
      expect(await toys.build()).toBe('built');
      expect(await toys.build()).toBe('current');
      app.clock.advance(HOUR);
      await toys.publish('apple', '1');
      await toys.listed();
      const createdAt = async (document: string) =>
        (await readRepositoryDocument(registry, toyRules, { ref: toys.ref, name: document }))?.createdAt;
      expect(await createdAt('apps/Packages')).toBe(app.clock.now());
      expect(await createdAt('InRelease')).toBe(app.clock.now());
      expect(await createdAt('libs/Packages')).toBe(app.clock.now() - HOUR);
    });

    test('an index follows versions that are removed, restored, hidden and changed', async () => {
      await toys.publish('apple', '1');
      const { version } = await toys.publish('pear', '1');
      await toys.publish('plum', '1', { status: 'hidden' });
      expect(await toys.listed()).toEqual(['apple 1', 'pear 1']);
      await toys.remove('pear', '1');
      expect(await toys.listed()).toEqual(['apple 1']);
      await restoreVersion(registry, {
        project,
        actor,
        format: 'toy2',
        name: named.package('pear'),
        id: version.id,
      });
      expect(await toys.listed()).toEqual(['apple 1', 'pear 1']);
      await toys.change('pear', '1', { status: 'hidden' });
      await toys.change('plum', '1', { status: 'default' });
      expect(await toys.listed()).toEqual(['apple 1', 'plum 1']);
      await toys.change('plum', '1', { metadata: { description: 'sweet' } });
      expect(await toys.text('apps/Packages')).toContain('Description: sweet\n');
      await toys.publish('plum', '1', { file: 'stone.bin', amend: { description: 'blue' } });
      const text = await toys.text('apps/Packages');
      expect(text.match(/Description: blue\n/g)).toHaveLength(2);
      expect(text).not.toContain('sweet');
      await expectNoLeak();
    });

    test('a version of many files is indexed with its last transaction, and never if its publish dies halfway', async () => {
      await toys.publish('apple', '1');
      const write = registry.table.write.bind(registry.table);
      const counts: number[] = [];
      registry.table.write = async (writes) => {
        if (writes.some((each) => 'put' in each && each.put.sk.startsWith('FILE#'))) {
          registry.table.write = write;
          counts.push((await toys.listed()).length);
          registry.table.write = watched;
        }
        await write(writes);
      };
      const watched = registry.table.write;
      await toys.publishMany('pear', '1', 40);
      registry.table.write = write;
      expect(new Set(counts)).toEqual(new Set([1]));
      expect(counts.length).toBeGreaterThan(2);
      expect(await toys.listed()).toHaveLength(41);

      let left = 3;
      registry.table.write = async (writes) => {
        if (left-- <= 0) throw new StoreUnavailable('gone', { mayBeWritten: false });
        await write(writes);
      };
      await expect(toys.publishMany('plum', '1', 40)).rejects.toBeInstanceOf(StoreUnavailable);
      registry.table.write = write;
      expect(await toys.listed()).toHaveLength(41);
      app.clock.advance(2 * 60_000);
      await sweepClaims(registry);
      expect(await toys.listed()).toHaveLength(41);
      await expectNoLeak();
      await toys.publishMany('plum', '1', 13);
      expect(await toys.listed()).toHaveLength(54);
      await toys.remove('plum', '1');
      await toys.remove('pear', '1');
      expect(await toys.listed()).toEqual(['apple 1']);
      await expectNoLeak();
    });

    const described = async (text: string) =>
      (await toys.text('apps/Packages')).split(`Description: ${text}\n`).length - 1;

    test('the metadata of a version with any number of files can change, with or without new files', async () => {
      await toys.publishMany('truck', '1', 70);
      await toys.change('truck', '1', { metadata: { description: 'blue' } });
      expect([await described('blue'), await described('none')]).toEqual([70, 0]);
      await toys.publish('truck', '1', { file: 'extra.bin', amend: { description: 'red' } });
      expect(await described('red')).toBe(71);
      await toys.change('truck', '1', { metadata: { description: 'green' }, status: 'hidden' });
      expect(await toys.listed()).toEqual([]);
      await toys.change('truck', '1', { status: 'default' });
      expect(await described('green')).toBe(71);
      await toys.remove('truck', '1');
      await expectNoLeak();
    });

    test('a change of the metadata of many files that is killed is finished by the job, or by the next change', async () => {
      await toys.publishMany('truck', '1', 70);
      await runJobs(registry);
      for (const text of ['blue', 'red']) {
        const killed = toyPackages(diesAfter(registry, 3), project);
        const change = killed.change('truck', '1', { metadata: { description: text } });
        await expect(change).rejects.toThrow('killed');
        const half = await described(text);
        expect([half > 0, half < 70]).toEqual([true, true]);
        if (text === 'blue') await runJobs(registry);
        else await toys.change('truck', '1', { metadata: { description: text } });
        expect(await described(text)).toBe(70);
      }
      await toys.remove('truck', '1');
      await expectNoLeak();
    });

    test('files change their places in an index with the metadata of their version, and come and go meanwhile', async () => {
      const byPlace: RepositoryIndex = {
        ...toyIndex,
        stanzas: (version, file) =>
          toyIndex.stanzas(version, file).map((stanza) => ({
            ...stanza,
            partition: (version.metadata as ToyMetadata).description ?? 'none',
          })),
      };
      const rules = { ...toyRules, index: byPlace };
      const moving = toyPackages(registry, project, rules);
      await moving.publishMany('truck', '1', 30);
      const files = async () =>
        (await queryAll(registry.table, ranges.filesOf(refOf('truck'), named.version('1')))).map((item) =>
          entityOf<PackageFile>(item),
        );
      const [first] = await files();
      const facts = {
        project,
        actor,
        format: rules.id,
        name: named.package('truck'),
        version: named.version('1'),
      };
      let steps = 0;
      const write = registry.table.write.bind(registry.table);
      registry.table.write = async (writes) => {
        await write(writes);
        if (++steps !== 2) return;
        registry.table.write = write;
        await removeFile(registry, { ...facts, fileId: first?.id ?? 0 });
        await moving.publish('truck', '1', { file: 'late.bin' });
      };
      await moving.change('truck', '1', { metadata: { description: 'blue' } });
      registry.table.write = write;
      expect(await moving.listed('none')).toEqual([]);
      expect(await moving.listed('blue')).toHaveLength(30);
      expect(await moving.text('blue/Packages')).not.toContain(`/${first?.fileName}\n`);
      await moving.remove('truck', '1');
      await expectNoLeak();
    });

    test('a change that an index cannot describe changes nothing', async () => {
      await toys.publishMany('truck', '1', 40);
      const tooLong = { description: randomBytes(150_000).toString('base64') };
      await expect(toys.change('truck', '1', { metadata: tooLong })).rejects.toMatchObject({
        code: 'invalidPackage',
      });
      expect(await described('none')).toBe(40);
    });

    test('of files with one name the newest is indexed, and the older one after it is removed', async () => {
      const first = await toys.publish('apple', '1');
      const second = await toys.publish('apple', '1');
      const indexedDigest = async () => /SHA256: (\w+)/.exec(await toys.text('apps/Packages'))?.[1];
      expect(await toys.listed()).toEqual(['apple 1']);
      expect(await indexedDigest()).toBe(second.files[0]?.digests.sha256);
      const facts = {
        project,
        actor,
        format: 'toy2',
        name: named.package('apple'),
        version: named.version('1'),
      };
      await removeFile(registry, { ...facts, fileId: second.files[0]!.id });
      expect(await indexedDigest()).toBe(first.files[0]?.digests.sha256);
      await removeFile(registry, { ...facts, fileId: first.files[0]!.id });
      expect(await toys.listed()).toEqual([]);
      await expectNoLeak();
      expect((await registry.table.query({ pk: `STANZAS#${project.id}#toy2#main#apps` })).items).toEqual([]);
    });

    test('a document can be read by its digest for some hours after a publish, and leaves no bytes behind', async () => {
      await toys.publish('apple', '1', { metadata: long() });
      const before = await toys.text('apps/Packages');
      const { digests } = (await readRepositoryDocument(registry, toyRules, {
        ref: toys.ref,
        name: 'apps/Packages',
      }))!;
      const old = `apps/by-hash/${digests.sha256}`;
      await toys.publish('pear', '1', { metadata: long() });
      expect(await toys.text(old)).toBe(before);
      expect(await toys.listed()).toEqual(['apple 1', 'pear 1']);
      expect(await toys.text(old)).toBe(before);
      app.clock.advance(3 * HOUR);
      await toys.publish('plum', '1');
      await toys.listed();
      expect(await toys.document(old)).toBeUndefined();
      await expectNoLeak();
    });

    test('an expired release is made again, but not its parts', async () => {
      const rules = { ...toyRules, index: { ...toyRules.index, refreshAfter: 24 * HOUR } };
      const expiring = toyPackages(registry, project, rules);
      await expiring.publish('apple', '1');
      await expiring.build();
      app.clock.advance(24 * HOUR);
      expect(await expiring.build()).toBe('current');
      app.clock.advance(1);
      expect((await expiring.release()).text).toContain(new Date(app.clock.now()).toUTCString());
      const part = await readRepositoryDocument(registry, rules, {
        ref: expiring.ref,
        name: 'apps/Packages',
      });
      expect(part?.createdAt).toBe(app.clock.now() - 24 * HOUR - 1);
    });

    test('a rotated key signs the next release together with its successor', async () => {
      await toys.publish('apple', '1');
      const [first] = (await toys.release()).signers;
      const second = await rotateProjectKey(registry, project.id, 'openpgp', HOUR);
      expect((await toys.release()).signers.sort()).toEqual([first, second.id].sort());
    });

    test('an index serves its configured parts even while they are empty', async () => {
      await configureIndex(registry, toys.ref, { partitions: ['games'] });
      expect(await toys.text('games/Packages')).toBe('');
      await configureIndex(registry, toys.ref, { partitions: [] });
      expect(await toys.document('games/Packages')).toBeUndefined();
    });

    test('every read of an index shows all acknowledged changes during concurrent publishes, removals and builds', async () => {
      const workers = Array.from({ length: 6 }, (_, worker) => ({
        worker,
        toys: toyPackages(worker % 2 ? process() : registry, project),
      }));
      const work = workers.map(async ({ worker, toys }) => {
        const partition = worker % 3 === 0 ? 'libs' : 'apps';
        const name = `${partition === 'libs' ? 'lib' : 'app'}${worker}`;
        for (let version = 1; version <= 4; version++) {
          await toys.publish(name, String(version));
          expect(await toys.listed(partition)).toContain(`${name} ${version}`);
          if (version % 2) continue;
          await toys.remove(name, String(version));
          expect(await toys.listed(partition)).not.toContain(`${name} ${version}`);
        }
      });
      await Promise.all(work);
      expect(await toys.listed('libs')).toEqual(['lib0 1', 'lib0 3', 'lib3 1', 'lib3 3']);
      await expectNoLeak();
    });

    test('a dead builder delays readers no longer than its lease', async () => {
      await toys.publish('apple', '1');
      await takeLease(process(), toys.ref, 'job');
      expect(await toys.build()).toBe('busy');
      const reading = toys.listed();
      app.clock.advance(LEASE);
      expect(await reading).toEqual(['apple 1']);
    });

    test('an index that a reader has no time to build is left to the job', async () => {
      await toys.publish('apple', '1');
      const late = { signal: AbortSignal.abort(), builder: 'reader' } as const;
      await expect(toys.build(late)).rejects.toThrow(/abort/i);
      expect(await toys.build({ builder: 'reader' })).toBe('busy');
      const reading = toys.listed();
      expect(await toys.build({ builder: 'job' })).toBe('built');
      expect(await reading).toEqual(['apple 1']);
      await toys.publish('pear', '1');
      expect(await toys.build({ builder: 'reader' })).toBe('built');
    });

    test('a builder that lost its lease does not overwrite the index of the next one', async () => {
      await toys.publish('apple', '1', { metadata: long() });
      await toys.listed();
      await toys.publish('fig', '1', { metadata: long() });
      const halfWay = Promise.withResolvers<void>();
      const resume = Promise.withResolvers<void>();
      const { render } = toyRules.index;
      const slow = {
        ...toyRules,
        index: {
          ...toyRules.index,
          async *render(...[partition, stanzas]: Parameters<typeof render>) {
            for await (const piece of render(partition, stanzas)) {
              yield piece;
              halfWay.resolve();
              await resume.promise;
            }
          },
        },
      };
      const silent = toyPackages(process(), project, slow).build();
      await halfWay.promise;
      app.clock.advance(LEASE);
      await toys.publish('pear', '1');
      expect(await toys.listed()).toEqual(['apple 1', 'fig 1', 'pear 1']);
      const { text } = await toys.release();
      resume.resolve();
      expect(await silent).toBe('busy');
      expect((await toys.release()).text).toBe(text);
      expect(await toys.listed()).toEqual(['apple 1', 'fig 1', 'pear 1']);
      await expectNoLeak();
    });

    test('an interrupted build leaves the old index, and the next build completes', async () => {
      await toys.publish('apple', '1', { metadata: long() });
      const before = await toys.text('apps/Packages');
      const { digests } = (await readRepositoryDocument(registry, toyRules, {
        ref: toys.ref,
        name: 'apps/Packages',
      }))!;
      await toys.publish('pear', '1', { metadata: long() });
      const failing = {
        ...toyRules,
        index: {
          ...toyRules.index,
          // biome-ignore lint/correctness/useYield: it throws before the first entry
          async *release() {
            throw new Error('cut off');
          },
        },
      };
      await expect(toyPackages(process(), project, failing).build()).rejects.toThrow('cut off');
      expect(await toys.text(`apps/by-hash/${digests.sha256}`)).toBe(before);
      await expect(toys.build({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
      expect(await toys.listed()).toEqual(['apple 1', 'pear 1']);
      await expectNoLeak();
    });

    test('a purged project leaves no index, key or bytes behind', async () => {
      await toys.publish('apple', '1', { metadata: long() });
      await toys.publish('pear', '1', { status: 'hidden' });
      await toys.release();
      await removeProject(registry, project, actor);
      app.clock.advance(8 * 24 * HOUR);
      await purgeProjects(registry);
      app.clock.advance(2 * 24 * HOUR);
      await sweepBlobs(registry);
      await sweepOrphans(registry);
      expect(await listAll(registry.blobs)).toEqual([]);
      for (const pk of [
        `INDEX#${project.id}#toy2#main`,
        `STANZAS#${project.id}#toy2#main#apps`,
        `SIGNER#PROJECT#${project.id}`,
        `PROJECT#${project.id}`,
      ]) {
        expect((await registry.table.query({ pk })).items).toEqual([]);
      }
    });
  });
}
