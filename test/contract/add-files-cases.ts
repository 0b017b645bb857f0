import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import type { ListedPackage, PackageHead, Version } from '../../services/domain/packages.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import { type AddedFiles, addFiles } from '../../services/registry/packages/add-files.ts';
import { listHolders } from '../../services/registry/packages/locate-packages.ts';
import { entityOf, maybeEntity, type StoredHead } from '../../services/registry/records/entities.ts';
import { keys, ranges } from '../../services/registry/records/keys.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { named } from '../kit/names.ts';
import { bytesOf, keeping } from '../kit/publish.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

interface Facts {
  readonly title: string;
}

/** Adding files to versions, and the names that list packages, with real races, on the stores that `open` returns. */
export function describeAddingFiles(name: string, open: () => Promise<OpenedStores>): void {
  describe(`adding files on ${name}`, () => {
    let app: TestApp;
    let project: Project;
    let close: () => Promise<void>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp(opened);
      project = await app.project('tools');
    });
    afterEach(() => close());

    const actor = { kind: 'user', id: 1, name: 'root' } as const;
    const ref = (name: string) => ({ projectId: project.id, format: 'generic', name: named.package(name) });

    async function add(options: {
      name?: string;
      version?: string;
      file?: string;
      content?: string;
      more?: Partial<AddedFiles<Facts>>;
    }) {
      const { name = 'tool', version = '1', file = 'a.bin', content = 'content', more = {} } = options;
      const { blob } = await stageBlob(app.registry, bytesOf(content), { limit: 1e6 });
      return addFiles<Facts>(app.registry, {
        project,
        actor,
        format: keeping,
        name: named.package(name),
        version: named.version(version),
        metadata: { title: 'first' },
        files: [{ fileName: named.file(file), contentType: 'text/plain', blob }],
        ...more,
      });
    }

    async function headOf(name: string): Promise<PackageHead> {
      const item = await app.registry.table.get(keys.head(ref(name)));
      if (!item) throw new Error(`no head of ${name}`);
      return entityOf<PackageHead>(item);
    }

    const remove = (name: string, version: string) =>
      removeVersion(app.registry, {
        project,
        actor,
        format: 'generic',
        name: named.package(name),
        version: named.version(version),
      });

    const holds = async (name: string) =>
      (await listHolders(app.registry, { format: 'generic', name: named.package(name) })).length > 0;

    const blobCount = async () => (await app.registry.blobs.list()).blobs.length;

    test('an idempotent format accepts the same bytes again, also concurrently, and changes nothing', async () => {
      const more = { format: { ...keeping, idempotent: true } };
      const results = await Promise.all(Array.from({ length: 8 }, () => add({ more })));
      expect(new Set(results.map(({ files: [file] }) => file?.id)).size).toBe(1);
      expect((await headOf('tool')).revision).toBe(1);
      expect(await blobCount()).toBe(1);
      await expect(add({ content: 'other', more })).rejects.toMatchObject({ code: 'duplicateFile' });
      await expect(add({})).rejects.toMatchObject({ code: 'duplicateFile' });
    });

    test('exactly one of eight concurrent uploads of different bytes under one name succeeds', async () => {
      const more = { format: { ...keeping, idempotent: true } };
      const tries = Array.from({ length: 8 }, (_, index) => add({ content: `try ${index}`, more }));
      const outcomes = await Promise.allSettled(tries);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await headOf('tool')).revision).toBe(1);
    });

    test('a later file can amend the metadata of its version, or leave it unchanged', async () => {
      await add({ file: 'a.bin' });
      const { version } = await add({ file: 'b.bin', more: { amend: () => ({ title: 'better' }) } });
      expect(version.metadata).toEqual({ title: 'better' });
      await add({ file: 'c.bin', more: { amend: () => undefined, metadata: { title: 'ignored' } } });
      const stored = maybeEntity<Version<Facts>>(
        await app.registry.table.get(keys.version(ref('tool'), named.version('1'))),
      );
      expect(stored?.metadata).toEqual({ title: 'better' });
      expect(await headOf('tool')).toMatchObject({ revision: 3, versionCount: 1 });
    });

    test('concurrent uploads that amend one version lose no file', async () => {
      const indexes = Array.from({ length: 20 }, (_, index) => index);
      await Promise.all(
        indexes.map((index) =>
          add({
            file: `${index}.bin`,
            content: `${index}`,
            more: { amend: () => ({ title: `by ${index}` }) },
          }),
        ),
      );
      const { items } = await app.registry.table.query(ranges.filesOf(ref('tool'), named.version('1')));
      expect(items).toHaveLength(20);
      expect(await headOf('tool')).toMatchObject({ revision: 20, versionCount: 1 });
    });

    describe('a name that lists packages', () => {
      const listing = (prefix: string) => ({
        listing: { name: named.package('group'), metadata: { prefix } },
      });
      const listed = async () => {
        const { items } = await app.registry.table.query(ranges.listed(ref('group')));
        return items.map((item) => entityOf<ListedPackage>(item)).map((each) => [each.name, each.metadata]);
      };

      test('lists a package with the transaction that publishes it, and is found like a package', async () => {
        await add({ name: 'group/a', more: listing('a') });
        await add({ name: 'group/b', more: listing('b') });
        expect(await listed()).toEqual([
          ['group/a', { prefix: 'a' }],
          ['group/b', { prefix: 'b' }],
        ]);
        expect(await headOf('group')).toMatchObject({ revision: 2, versionCount: 0, listedCount: 2 });
        expect(await holds('group')).toBe(true);
      });

      test('gets a new revision only when what it lists changes', async () => {
        await add({ name: 'group/a', version: '1', more: listing('a') });
        await add({ name: 'group/a', version: '2', more: listing('a') });
        expect(await headOf('group')).toMatchObject({ revision: 1, listedCount: 1 });
        await add({ name: 'group/a', version: '3', more: listing('z') });
        expect(await headOf('group')).toMatchObject({ revision: 2, listedCount: 1 });
        expect(await listed()).toEqual([['group/a', { prefix: 'z' }]]);
      });

      test('drops a package with its last version, and disappears with its last package', async () => {
        await add({ name: 'group/a', version: '1', more: listing('a') });
        await add({ name: 'group/a', version: '2', more: listing('a') });
        await add({ name: 'group/b', more: listing('b') });
        await remove('group/a', '1');
        expect(await listed()).toHaveLength(2);
        await remove('group/a', '2');
        expect(await listed()).toEqual([['group/b', { prefix: 'b' }]]);
        expect(await headOf('group')).toMatchObject({ revision: 3, listedCount: 1 });
        await remove('group/b', '1');
        expect(await listed()).toEqual([]);
        expect(await holds('group')).toBe(false);
        await add({ name: 'group/a', more: listing('a') });
        expect(await listed()).toEqual([['group/a', { prefix: 'a' }]]);
        expect(await holds('group')).toBe(true);
      });

      test('can also be a package itself, and stays while it has versions or listed packages', async () => {
        await add({ name: 'group' });
        await add({ name: 'group/a', more: listing('a') });
        await remove('group', '1');
        expect(await holds('group')).toBe(true);
        await add({ name: 'group' });
        await remove('group/a', '1');
        expect(await headOf('group')).toMatchObject({ versionCount: 1, listedCount: 0 });
        expect(await holds('group')).toBe(true);
        await remove('group', '1');
        expect(await holds('group')).toBe(false);
      });

      test('counts its packages correctly during concurrent publishes and deletions', async () => {
        const names = Array.from({ length: 12 }, (_, index) => `group/p${index}`);
        await Promise.all(names.map((each) => add({ name: each, more: listing(each) })));
        expect(await listed()).toHaveLength(12);
        await Promise.all(
          names.map((each, index) =>
            index % 2 === 0 ? remove(each, '1') : add({ name: each, version: '2', more: listing('new') }),
          ),
        );
        expect(await listed()).toHaveLength(6);
        expect(maybeEntity<StoredHead>(await app.registry.table.get(keys.head(ref('group'))))).toMatchObject({
          listedCount: 6,
          live: true,
        });
      });
    });
  });
}
