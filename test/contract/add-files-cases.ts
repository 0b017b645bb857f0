import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import type { PackageHead, Subpackage, Version } from '../../services/domain/packages.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import { type AddedFiles, addFiles } from '../../services/registry/packages/add-files.ts';
import { listHolders } from '../../services/registry/packages/locate-packages.ts';
import {
  entityOf,
  maybeEntity,
  type StoredHead,
  storedAs,
} from '../../services/registry/records/entities.ts';
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

    describe('an umbrella', () => {
      const inGroup = (prefix: string) => ({
        umbrella: { name: named.package('group'), metadata: { prefix } },
      });
      const subpackages = async () => {
        const { items } = await app.registry.table.query(ranges.subpackages(ref('group')));
        return items.map((item) => entityOf<Subpackage>(item)).map((each) => [each.name, each.metadata]);
      };

      test('has a subpackage from the transaction that publishes it, and is found like a package', async () => {
        await add({ name: 'group/a', more: inGroup('a') });
        await add({ name: 'group/b', more: inGroup('b') });
        expect(await subpackages()).toEqual([
          ['group/a', { prefix: 'a' }],
          ['group/b', { prefix: 'b' }],
        ]);
        expect(await headOf('group')).toMatchObject({
          revision: 2,
          versionCount: 0,
          [storedAs.subpackageCount]: 2,
        });
        expect(await holds('group')).toBe(true);
      });

      test('gets a new revision only when its subpackages change', async () => {
        await add({ name: 'group/a', version: '1', more: inGroup('a') });
        await add({ name: 'group/a', version: '2', more: inGroup('a') });
        expect(await headOf('group')).toMatchObject({ revision: 1, [storedAs.subpackageCount]: 1 });
        await add({ name: 'group/a', version: '3', more: inGroup('z') });
        expect(await headOf('group')).toMatchObject({ revision: 2, [storedAs.subpackageCount]: 1 });
        expect(await subpackages()).toEqual([['group/a', { prefix: 'z' }]]);
      });

      test('drops a subpackage with its last version, and disappears with its last subpackage', async () => {
        await add({ name: 'group/a', version: '1', more: inGroup('a') });
        await add({ name: 'group/a', version: '2', more: inGroup('a') });
        await add({ name: 'group/b', more: inGroup('b') });
        await remove('group/a', '1');
        expect(await subpackages()).toHaveLength(2);
        await remove('group/a', '2');
        expect(await subpackages()).toEqual([['group/b', { prefix: 'b' }]]);
        expect(await headOf('group')).toMatchObject({ revision: 3, [storedAs.subpackageCount]: 1 });
        await remove('group/b', '1');
        expect(await subpackages()).toEqual([]);
        expect(await holds('group')).toBe(false);
        await add({ name: 'group/a', more: inGroup('a') });
        expect(await subpackages()).toEqual([['group/a', { prefix: 'a' }]]);
        expect(await holds('group')).toBe(true);
      });

      test('can also be a package itself, and stays while it has versions or subpackages', async () => {
        await add({ name: 'group' });
        await add({ name: 'group/a', more: inGroup('a') });
        await remove('group', '1');
        expect(await holds('group')).toBe(true);
        await add({ name: 'group' });
        await remove('group/a', '1');
        expect(await headOf('group')).toMatchObject({ versionCount: 1, [storedAs.subpackageCount]: 0 });
        expect(await holds('group')).toBe(true);
        await remove('group', '1');
        expect(await holds('group')).toBe(false);
      });

      test('counts its subpackages correctly during concurrent publishes and deletions', async () => {
        const names = Array.from({ length: 12 }, (_, index) => `group/p${index}`);
        await Promise.all(names.map((each) => add({ name: each, more: inGroup(each) })));
        expect(await subpackages()).toHaveLength(12);
        await Promise.all(
          names.map((each, index) =>
            index % 2 === 0 ? remove(each, '1') : add({ name: each, version: '2', more: inGroup('new') }),
          ),
        );
        expect(await subpackages()).toHaveLength(6);
        expect(maybeEntity<StoredHead>(await app.registry.table.get(keys.head(ref('group'))))).toMatchObject({
          [storedAs.subpackageCount]: 6,
          live: true,
        });
      });
    });
  });
}
