import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import type { RegistryEvent } from '../../services/domain/events.ts';
import type { PackageFile, PackageHead } from '../../services/domain/packages.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import { readContents } from '../../services/registry/documents/source.ts';
import { EVENT_SHARDS, eventOf } from '../../services/registry/events/record-event.ts';
import { sweepBlobs } from '../../services/registry/maintenance/collect/sweep-blobs.ts';
import { sweepOrphans } from '../../services/registry/maintenance/collect/sweep-orphans.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { listHolders } from '../../services/registry/packages/locate-packages.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { type BlobRecord, entityOf } from '../../services/registry/records/entities.ts';
import { keys, ranges } from '../../services/registry/records/keys.ts';
import { removeFile } from '../../services/registry/removal/remove-file.ts';
import { removePackage } from '../../services/registry/removal/remove-package.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { findAliased } from '../../services/registry/search/find-aliased.ts';
import type { Within } from '../../services/registry/search/within.ts';
import type { Stores } from '../../services/runtime/compose.ts';
import { named } from '../kit/names.ts';
import { keeping, replacing } from '../kit/publish.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';

let app: TestApp;
let project: Project;

/** Stores to test the core on; `close` closes them. */
export interface OpenedStores {
  readonly stores: Partial<Stores>;
  close(): Promise<void>;
}

/**
 * Publishing, deleting and sweeping with real races, on the stores that `open` returns. The core promises this
 * behaviour, so it must hold on every adapter.
 */
export function describePublishing(name: string, open: () => Promise<OpenedStores>): void {
  describe(`publishing on ${name}`, () => {
    let close: () => Promise<void>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp(opened);
      project = await app.project('tools');
    });
    afterEach(() => close());

    const actor = { kind: 'user', id: 1, name: 'root' } as const;
    const everything = { versions: 'all', files: true, tags: true } as const;
    const ref = (name: string) => ({ projectId: project.id, format: 'generic', name: named.package(name) });

    async function* bytes(...parts: (string | Uint8Array)[]) {
      for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
    }

    async function publish(
      name: string,
      version: string,
      content: string | Uint8Array = `${name} ${version}`,
    ) {
      const { blob } = await stageBlob(app.registry, bytes(content), { limit: 1e9 });
      const files = [{ fileName: named.file('a.bin'), contentType: 'application/octet-stream', blob }];
      return publishVersion(app.registry, {
        project,
        actor,
        format: keeping,
        name: named.package(name),
        version: named.version(version),
        metadata: {},
        files,
      });
    }

    async function headOf(name: string): Promise<PackageHead> {
      const item = await app.registry.table.get(keys.head(ref(name)));
      if (!item) throw new Error(`no head of ${name}`);
      return entityOf<PackageHead>(item);
    }

    /** The events of the outbox, except those that tell jobs which names are listed. */
    async function events(): Promise<RegistryEvent[]> {
      const all: RegistryEvent[] = [];
      for (let shard = 0; shard < EVENT_SHARDS; shard++) {
        const { items } = await app.registry.table.query(ranges.events(shard));
        all.push(...items.map(eventOf));
      }
      return all.filter(({ type }) => type !== 'name_added' && type !== 'name_removed');
    }

    async function storedKeys(): Promise<string[]> {
      return (await app.registry.blobs.list()).blobs.map(({ key }) => key);
    }

    async function fileOf(name: string, version: string): Promise<PackageFile> {
      const item = await app.registry.table.get(
        keys.file(ref(name), named.version(version), named.identity('a.bin')),
      );
      if (!item) throw new Error('no file');
      return entityOf<PackageFile>(item);
    }

    describe('publishing', () => {
      test('exactly one of ten concurrent publishes of one version succeeds', async () => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 10 }, (_, index) => publish('tool', '1.0', `try ${index}`)),
        );
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected')
            expect(outcome.reason).toMatchObject({ code: 'duplicateVersion' });
        }
        expect((await headOf('tool')).revision).toBe(1);
        expect(await events()).toHaveLength(1);
      });

      test('a hundred concurrent publishes of different versions of one name all succeed', async () => {
        await Promise.all(Array.from({ length: 100 }, (_, index) => publish('tool', `1.0.${index}`)));
        const head = await headOf('tool');
        expect(head).toMatchObject({ revision: 100, versionCount: 100 });
        expect((await readContents(app.registry.table, head, everything)).versions).toHaveLength(100);
        expect(await events()).toHaveLength(100);
      });

      test('a hundred concurrent additions of a file make one version with a hundred files', async () => {
        const add = async (index: number) => {
          const { blob } = await stageBlob(app.registry, bytes(`file ${index}`), { limit: 100 });
          const file = { fileName: named.file(`${index}.txt`), contentType: 'text/plain', blob };
          await addFiles(app.registry, {
            project,
            actor,
            format: keeping,
            name: named.package('tool'),
            version: named.version('1'),
            metadata: {},
            files: [file],
          });
        };
        await Promise.all(Array.from({ length: 100 }, (_, index) => add(index)));
        const contents = await readContents(app.registry.table, await headOf('tool'), everything);
        expect([contents.versions.length, contents.files.length]).toEqual([1, 100]);
        expect(contents.head.versionCount).toBe(1);
      });

      test('concurrent files that amend the metadata of a version lose no amendment', async () => {
        const add = async (index: number, readme?: string) => {
          const fileName = `file-${index}`;
          const { blob } = await stageBlob(app.registry, bytes(fileName), { limit: 100 });
          return addFiles<{ readonly seen: readonly number[] }>(app.registry, {
            project,
            actor,
            format: keeping,
            name: named.package('tool'),
            version: named.version('1'),
            metadata: { seen: [index] },
            files: [{ fileName: named.file(fileName), contentType: 'text/plain', blob }],
            amend: (known) => (index < 20 ? { seen: [...(known?.seen ?? []), index] } : undefined),
            readme,
          });
        };
        const ref = { projectId: project.id, format: 'generic', name: named.package('tool') };
        const readme = () => app.registry.table.get(keys.readme(ref, named.version('1')));
        await Promise.all(Array.from({ length: 20 }, (_, index) => add(index)));
        const { version } = await add(20);
        expect([...version.metadata.seen].sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
        await add(12.5, 'Read me.');
        expect(await readme()).toMatchObject({ text: 'Read me.' });
        await add(13.5);
        expect(await readme()).toMatchObject({ text: 'Read me.' });
        await add(14.5, '');
        expect(await readme()).toBeUndefined();
      });

      test('several files are added together or not at all, with their metadata and the readme of the version', async () => {
        const add = async (names: readonly string[], format = keeping) => {
          const staged = names.map(async (fileName) => {
            const { blob } = await stageBlob(app.registry, bytes(`bytes of ${fileName}`), { limit: 100 });
            return {
              fileName: named.file(fileName),
              contentType: 'text/plain',
              blob,
              metadata: { of: fileName },
            };
          });
          const files = await Promise.all(staged);
          const version = {
            format,
            name: named.package('tool'),
            version: named.version('1'),
            metadata: {},
            readme: 'Read me.',
          };
          return addFiles(app.registry, { project, actor, ...version, files });
        };
        const { version, files } = await add(['a.txt', 'a.txt.metadata']);
        await expect(add(['b.txt', 'a.txt'])).rejects.toMatchObject({ code: 'duplicateFile' });
        const contents = await readContents(app.registry.table, await headOf('tool'), everything);
        expect(contents.files.map(({ fileName, metadata }) => [fileName, metadata])).toEqual([
          ['a.txt', { of: 'a.txt' }],
          ['a.txt.metadata', { of: 'a.txt.metadata' }],
        ]);
        expect(files.map(({ versionId }) => versionId)).toEqual([version.id, version.id]);
        const ref = { projectId: project.id, format: 'generic', name: named.package('tool') };
        expect(await app.registry.table.get(keys.readme(ref, named.version('1')))).toMatchObject({
          text: 'Read me.',
        });
        await add(['b.txt', 'a.txt'], replacing);
        const { files: current } = await readContents(app.registry.table, await headOf('tool'), everything);
        expect(
          current.map(({ fileName, id }) => [fileName, id > Math.max(...files.map((file) => file.id))]),
        ).toEqual([
          ['a.txt', true],
          ['a.txt.metadata', false],
          ['b.txt', true],
        ]);
      });

      test('files are found by their alias, the newest first, until they are deleted', async () => {
        const add = async (name: string, version: string) => {
          const { blob } = await stageBlob(app.registry, bytes('symbols'), { limit: 100 });
          const { files } = await addFiles(app.registry, {
            project,
            actor,
            format: replacing,
            name: named.package(name),
            version: named.version(version),
            metadata: {},
            files: [
              { fileName: named.file('tool.pdb'), contentType: 'text/plain', blob, alias: 'tool.pdb/#1' },
            ],
          });
          return files[0]!.id;
        };
        const found = async (alias = 'tool.pdb/#1', within: Within = { project }) => {
          const search = { format: replacing, alias, within, principal: { kind: 'anonymous' } as const };
          const files: [string, number][] = [];
          for await (const { version, file } of findAliased(app.registry, search))
            files.push([version.name, file.id]);
          return files;
        };
        // The first published comes first.
        const first = await add('a#tool', '1');
        const replaced = await add('tool', '1');
        const last = await add('tool', '1');
        const expected = [
          ['a#tool', first],
          ['tool', last],
        ];
        await vi.waitFor(async () => expect(await found()).toEqual(expected));
        expect(await found('tool.pdb/#2')).toEqual([]);
        expect(await found(undefined, 'instance')).toEqual([]);
        const deletion = {
          project,
          actor,
          format: 'generic',
          name: named.package('tool'),
          version: named.version('1'),
        };
        await removeFile(app.registry, { ...deletion, fileId: last });
        await vi.waitFor(async () => expect((await found())[1]).toEqual(['tool', replaced]));
        await removeVersion(app.registry, deletion);
        await vi.waitFor(async () => expect(await found()).toEqual([['a#tool', first]]));
      });

      test('equal bytes are stored once when they are published concurrently', async () => {
        const content = randomBytes(1000);
        await Promise.all(Array.from({ length: 20 }, (_, index) => publish(`tool-${index}`, '1.0', content)));
        expect(await storedKeys()).toHaveLength(1);
        const { digests } = await fileOf('tool-0', '1.0');
        const record = await app.registry.table.get(keys.blob(digests.sha256));
        expect(record).toMatchObject({ refs: 20, size: 1000 });
      });

      test('publishes of different bytes, by the core and over HTTP, store one blob each', async () => {
        await publish('tool', '1.0', 'first');
        await app.send('PUT', `/api/v4/projects/${project.id}/packages/generic/other/1.0/a.bin`, {
          token: app.rootToken,
          body: 'x',
        });
        expect(await storedKeys()).toHaveLength(2);
      });

      test('a publish records an event with actor, project and version, and a failed one records nothing', async () => {
        await publish('tool', '1.0');
        await expect(publish('tool', '1.0')).rejects.toMatchObject({ code: 'duplicateVersion' });
        expect(await events()).toMatchObject([
          {
            type: 'package_published',
            actor,
            projectPath: 'acme/tools',
            format: 'generic',
            name: 'tool',
            version: '1.0',
          },
        ]);
      });
    });

    describe('deleting', () => {
      test('deleting the last version unlists the name, a new version lists it again, and revisions keep counting', async () => {
        const pkg = { format: 'generic', name: named.package('tool') };
        await publish('tool', '1.0');
        expect(await listHolders(app.registry, pkg)).toHaveLength(1);
        await removeVersion(app.registry, { project, actor, ...pkg, version: named.version('1.0') });
        expect(await listHolders(app.registry, pkg)).toHaveLength(0);
        await publish('tool', '1.0');
        expect(await listHolders(app.registry, pkg)).toHaveLength(1);
        expect((await headOf('tool')).revision).toBe(3);
      });

      test('deleting the last version while another is published never loses the name', async () => {
        for (let round = 0; round < 20; round++) {
          const name = `tool-${round}`;
          await publish(name, '1.0');
          const deletion = {
            project,
            actor,
            format: 'generic',
            name: named.package(name),
            version: named.version('1.0'),
          };
          await Promise.all([removeVersion(app.registry, deletion), publish(name, '2.0')]);
          expect(
            await listHolders(app.registry, { format: 'generic', name: named.package(name) }),
          ).toHaveLength(1);
          expect((await headOf(name)).versionCount).toBe(1);
        }
      });

      test('a package of many versions is deleted completely', async () => {
        for (let index = 0; index < 30; index++) await publish('tool', `${index}`);
        expect(
          await removePackage(app.registry, {
            project,
            actor,
            format: 'generic',
            name: named.package('tool'),
          }),
        ).toBe(30);
        const contents = await readContents(app.registry.table, await headOf('tool'), everything);
        expect([contents.versions, contents.files]).toEqual([[], []]);
        expect((await app.registry.table.query(ranges.packageIds(project.id))).items).toEqual([]);
      });
    });

    describe('sweeping', () => {
      const day = 24 * 3600 * 1000;

      test('bytes that nothing refers to are removed after the grace period, not before', async () => {
        await publish('tool', '1.0');
        await removeVersion(app.registry, {
          project,
          actor,
          format: 'generic',
          name: named.package('tool'),
          version: named.version('1.0'),
        });
        expect(await sweepBlobs(app.registry)).toEqual({ blobs: 0, bytes: 0 });
        app.clock.advance(2 * day);
        expect(await sweepBlobs(app.registry)).toEqual({ blobs: 1, bytes: 8 });
        expect(await storedKeys()).toEqual([]);
      });

      test('bytes that are still referred to, or are again, are kept', async () => {
        await publish('one', '1.0', 'same bytes');
        await publish('two', '1.0', 'same bytes');
        await removeVersion(app.registry, {
          project,
          actor,
          format: 'generic',
          name: named.package('one'),
          version: named.version('1.0'),
        });
        app.clock.advance(2 * day);
        expect(await sweepBlobs(app.registry)).toMatchObject({ blobs: 0 });
        await removeVersion(app.registry, {
          project,
          actor,
          format: 'generic',
          name: named.package('two'),
          version: named.version('1.0'),
        });
        await publish('three', '1.0', 'same bytes');
        app.clock.advance(2 * day);
        expect(await sweepBlobs(app.registry)).toMatchObject({ blobs: 0 });
        expect(await storedKeys()).toHaveLength(1);
      });

      test('a publish of the same bytes that races the sweep never loses them', async () => {
        for (let round = 0; round < 30; round++) {
          const content = `bytes of round ${round}`;
          await publish(`old-${round}`, '1', content);
          await removeVersion(app.registry, {
            project,
            actor,
            format: 'generic',
            name: named.package(`old-${round}`),
            version: named.version('1'),
          });
          app.clock.advance(2 * day);
          await Promise.all([sweepBlobs(app.registry), publish(`new-${round}`, '1', content)]);
          const file = await fileOf(`new-${round}`, '1');
          const record = entityOf<BlobRecord>(
            (await app.registry.table.get(keys.blob(file.digests.sha256))) ?? { pk: '', sk: '' },
          );
          expect(record.storageKey).toBe(file.storageKey);
          expect(await app.registry.blobs.head(file.storageKey)).toBeDefined();
        }
      });

      test('orphaned blobs are removed once they are old', async () => {
        await publish('tool', '1.0');
        await stageBlob(app.registry, bytes('never committed'), { limit: 100 });
        app.clock.advance(Date.now() - app.clock.now());
        expect(await sweepOrphans(app.registry)).toMatchObject({ blobs: 0 });
        app.clock.advance(2 * day);
        expect(await sweepOrphans(app.registry)).toMatchObject({ blobs: 1, bytes: 15 });
        expect(await storedKeys()).toHaveLength(1);
      });
    });
  });
}
