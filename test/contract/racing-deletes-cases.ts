import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import { type AddedFiles, addFiles } from '../../services/registry/packages/add-files.ts';
import { listHolders } from '../../services/registry/packages/locate-packages.ts';
import { moveTag } from '../../services/registry/packages/move-tag.ts';
import { entityOf, maybeEntity, type StoredHead } from '../../services/registry/records/entities.ts';
import { keys, ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { removeFile } from '../../services/registry/removal/remove-file.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { named } from '../kit/names.ts';
import { bytesOf, replacing } from '../kit/publish.ts';
import { deletes, runBeforeWrite, type WritesMatch } from '../kit/racing-writes.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** Deletions that race with additions and with other deletions, on the stores that `open` returns. */
export function describeRacingDeletes(name: string, open: () => Promise<OpenedStores>): void {
  describe(`racing deletions on ${name}`, () => {
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
    const pkg = { format: 'generic', name: named.package('tool') };
    const ref = () => ({ projectId: project.id, ...pkg });

    async function add(version: string, fileName = 'a.bin', more: Partial<AddedFiles<object>> = {}) {
      const { blob } = await stageBlob(app.registry, bytesOf(`${version} ${fileName}`), { limit: 1e6 });
      const files = [{ fileName: named.file(fileName), contentType: 'text/plain', blob }];
      const input = {
        project,
        actor,
        format: replacing,
        name: pkg.name,
        version: named.version(version),
        metadata: {},
        files,
      };
      return addFiles<object>(app.registry, { ...input, ...more });
    }

    const remove = (version: string) =>
      removeVersion(app.registry, { project, actor, ...pkg, version: named.version(version) });
    const head = async () => maybeEntity<StoredHead>(await app.registry.table.get(keys.head(ref())));
    const holders = () => listHolders(app.registry, pkg);
    const left = async () => {
      const { table } = app.registry;
      const found = [ranges.versions(ref()), ranges.files(ref()), ranges.tags(ref())];
      return (await Promise.all(found.map((range) => queryAll(table, range)))).map((items) => items.length);
    };

    const meanwhile = (matches: WritesMatch, other: () => Promise<unknown>) =>
      runBeforeWrite(app.registry.table, matches, other);

    test('files and tags that are added before the last write are deleted with their version', async () => {
      await add('1');
      await add('2');
      const input = { project, actor, ...pkg, version: named.version('1') };
      meanwhile(deletes(keys.version(ref(), named.version('1')).sk), async () => {
        await add('1', 'late.bin');
        await moveTag(app.registry, { ...input, tag: named.tag('late') });
      });
      await remove('1');
      expect(await left()).toEqual([1, 1, 0]);
      expect(await head()).toMatchObject({ live: true, versionCount: 1 });
    });

    test('files added with `mustExist` do not create a version that was deleted', async () => {
      const { version } = await add('1');
      await add('2');
      meanwhile(
        (writes) => writes.some((write) => 'put' in write && write.put.sk.includes('late.bin')),
        () => remove('1'),
      );
      const late = add('1', 'late.bin', { mustExist: version.id });
      await expect(late).rejects.toMatchObject({ code: 'packageNotFound' });
      expect(await left()).toEqual([1, 1, 0]);
      await add('1');
      const other = add('1', 'late.bin', { mustExist: version.id });
      await expect(other).rejects.toMatchObject({ code: 'packageNotFound' });
    });

    test('deleting a version by its id does not delete one that took its place', async () => {
      const { version } = await add('1');
      await remove('1');
      await add('1');
      const deletion = { project, actor, ...pkg, version: named.version('1'), id: version.id };
      await expect(removeVersion(app.registry, deletion)).rejects.toMatchObject({ code: 'packageNotFound' });
      expect(await left()).toEqual([1, 1, 0]);
    });

    test('concurrent deletions of all versions unlist the name', async () => {
      for (let round = 0; round < 5; round++) {
        const versions = Array.from({ length: 2 + 4 * round }, (_, index) => `${index}`);
        await Promise.all(versions.map((version) => add(version)));
        expect(await holders()).toHaveLength(1);
        await Promise.all(versions.map(remove));
        expect(await left()).toEqual([0, 0, 0]);
        expect(await head()).toMatchObject({ versionCount: 0 });
        expect((await head())?.live).toBeUndefined();
        expect(await holders()).toEqual([]);
      }
    });

    test('a version is deleted completely while concurrent uploads add files to it', async () => {
      await add('other');
      for (let round = 0; round < 10; round++) {
        const { version } = await add('1');
        const more = Array.from({ length: 8 }, (_, index) =>
          add('1', `${index}.bin`, { mustExist: version.id }),
        );
        const outcomes = await Promise.allSettled([...more, remove('1')]);
        expect(outcomes.at(-1)?.status).toBe('fulfilled');
        expect(await left()).toEqual([1, 1, 0]);
        expect(await head()).toMatchObject({ versionCount: 1 });
      }
    });

    test('parts that are added while their file is deleted are deleted with it', async () => {
      const { files } = await add('1');
      const deletion = { project, actor, ...pkg, version: named.version('1'), fileId: files[0]?.id ?? 0 };
      meanwhile(deletes(keys.file(ref(), named.version('1'), named.identity('a.bin')).sk), async () => {
        const { blob } = await stageBlob(app.registry, bytesOf('part'), { limit: 100 });
        await add('1', 'a.bin.sig', {
          files: [
            {
              fileName: named.file('a.bin.sig'),
              contentType: 'text/plain',
              blob,
              partOf: named.file('a.bin'),
            },
          ],
        });
      });
      await removeFile(app.registry, deletion);
      expect(await left()).toEqual([1, 0, 0]);
    });

    test('sixty concurrent replacements of one file all succeed', async () => {
      await Promise.all(Array.from({ length: 60 }, () => add('1')));
      const items = await queryAll(app.registry.table, ranges.filesOf(ref(), named.version('1')));
      expect(new Set(items.map((item) => entityOf<{ readonly id: number }>(item).id)).size).toBe(60);
      expect(await head()).toMatchObject({ revision: 60, versionCount: 1 });
    });

    test('a version is deleted while files are added to another version of its package', async () => {
      for (let n = 0; n < 20; n++) await add('1.0', `file-${n}`);
      const others = Array.from({ length: 3 }, async (_, writer) => {
        for (let n = 0; n < 20; n++) await add('2.0', `file-${writer}-${n % 5}`);
      });
      await Promise.all([remove('1.0'), ...others]);
      const { table } = app.registry;
      expect(await queryAll(table, ranges.filesOf(ref(), named.version('1.0')))).toEqual([]);
      expect((await head())?.versionCount).toBe(1);
    });

    test('forty concurrent deletions delete all versions and unlist the name', async () => {
      const versions = Array.from({ length: 40 }, (_, n) => `${n}.0`);
      for (const version of versions) await add(version);
      await Promise.all(versions.map(remove));
      expect(await left()).toEqual([0, 0, 0]);
      expect([await holders(), (await head())?.live, (await head())?.versionCount]).toEqual([
        [],
        undefined,
        0,
      ]);
    });
  });
}
