import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import type { Sha256 } from '../../services/domain/digests.ts';
import { RegistryError } from '../../services/domain/errors.ts';
import { StoreUnavailable } from '../../services/ports/store-unavailable.ts';
import type { Table, Write } from '../../services/ports/table.ts';
import { discardUnless, stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { sweepBlobs } from '../../services/registry/maintenance/collect/sweep-blobs.ts';
import { sweepClaims } from '../../services/registry/maintenance/collect/sweep-claims.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { changeStatuses } from '../../services/registry/packages/change-versions.ts';
import { listHolders } from '../../services/registry/packages/locate-packages.ts';
import { moveTag } from '../../services/registry/packages/move-tag.ts';
import { type NewFile, publishVersion } from '../../services/registry/packages/publish-version.ts';
import { entityOf, maybeEntity, type StoredVersion } from '../../services/registry/records/entities.ts';
import { keys, ranges } from '../../services/registry/records/keys.ts';
import { isOlderFile } from '../../services/registry/records/parse-keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { removeFile } from '../../services/registry/removal/remove-file.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { restoreFile, restoreVersion } from '../../services/registry/removal/restore.ts';
import { named } from '../kit/names.ts';
import { keeping, replacing } from '../kit/publish.ts';
import { rulesOf } from '../kit/rules.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

const MINUTE = 60_000;

/** Versions of more files than one transaction holds, with real races, on the stores that `open` returns. */
export function describeManyFiles(name: string, open: () => Promise<OpenedStores>): void {
  describe(`versions of many files on ${name}`, () => {
    let app: TestApp;
    let project: Project;
    let close: () => Promise<void>;
    const fresh = async () => {
      const opened = await open();
      const before = close;
      close = async () => {
        await before();
        await opened.close();
      };
      return opened;
    };
    beforeEach(async () => {
      close = async () => {};
      app = await startApp(await fresh());
      project = await app.project('tools');
    });
    afterEach(() => close());

    const actor = { kind: 'user', id: 1, name: 'root' } as const;
    const ref = () => ({ projectId: project.id, format: 'generic', name: named.package('tool') });
    const deletion = () => ({
      project,
      actor,
      format: 'generic',
      name: named.package('tool'),
      version: named.version('1'),
    });

    async function staged(count: number, of = ''): Promise<NewFile[]> {
      const files: NewFile[] = [];
      for (let n = 0; n < count; n++) {
        const blob = await stageBytes(app.registry, Buffer.from(`${of} ${n}`));
        files.push({ fileName: named.file(`file-${n}.bin`), contentType: 'text/plain', blob });
      }
      return files;
    }

    /** Publishes version 1 as routes do: a refused publish discards the blobs it staged. */
    async function publish(count: number, of = '', tags: readonly string[] = []) {
      const files = await staged(count, of);
      const version = {
        project,
        actor,
        format: keeping,
        name: named.package('tool'),
        version: named.version('1'),
        metadata: {},
      };
      return discardUnless(
        app.registry,
        files.map(({ blob }) => blob),
        () =>
          publishVersion(app.registry, { ...version, files, tags: tags.map(named.tag), readme: 'Read me.' }),
      );
    }

    async function add(files: readonly NewFile[], format = replacing) {
      const version = {
        project,
        actor,
        format,
        name: named.package('tool'),
        version: named.version('1'),
        metadata: {},
      };
      return addFiles(app.registry, { ...version, files });
    }

    const stored = async () =>
      maybeEntity<StoredVersion>(await app.registry.table.get(keys.version(ref(), named.version('1'))));
    const filesLeft = () => queryAll(app.registry.table, ranges.filesOf(ref(), named.version('1')));
    const claims = () => queryAll(app.registry.table, ranges.claims());
    const pointers = () => queryAll(app.registry.table, ranges.packageIds(project.id));

    /** What readers could find of the version: its name, its pointer, its tags, its revision. */
    async function visible() {
      const { table } = app.registry;
      return {
        holders: (await listHolders(app.registry, ref())).length,
        pointers: (await pointers()).length,
        tags: (await queryAll(table, ranges.tags(ref()))).length,
        revision: (await table.get(keys.head(ref())))?.revision,
      };
    }
    const nothing = { holders: 0, pointers: 0, tags: 0, revision: undefined };

    /** Checks that every record counts the files that refer to it, and that their bytes exist. */
    async function expectSound() {
      const { problems } = await checkStorage(app.registry, { verify: true, concurrency: 4 });
      expect(problems).toEqual([]);
    }

    /** Wraps the writes of the table in `around`; returns the function that unwraps them. */
    function onWrite(around: (writes: readonly Write[], write: Table['write']) => Promise<void>): () => void {
      const { table } = app.registry;
      const write = table.write.bind(table);
      table.write = (writes) => around(writes, write);
      return () => {
        table.write = write;
      };
    }

    /** Fails all writes of the table after the first `count`, as if the publisher had been killed. */
    function dieAfter(count: number): () => void {
      let left = count;
      return onWrite(async (writes, write) => {
        if (left-- <= 0) throw new StoreUnavailable('gone', { mayBeWritten: false });
        await write(writes);
      });
    }

    const isFileWrite = (write: Write) => 'put' in write && write.put.sk.startsWith('FILE#');

    test.each([20, 21, 60, 500])(
      'a version of %i files becomes visible completely, with the last write',
      async (count) => {
        const seen: unknown[] = [];
        let steps = 0;
        const stop = onWrite(async (writes, write) => {
          steps++;
          seen.push(await visible());
          expect(writes.length).toBeLessThanOrEqual(100);
          await write(writes);
        });
        const version = await publish(count, '', ['latest']);
        stop();
        expect(seen).toEqual(Array(steps).fill(nothing));
        expect(steps).toBe(count <= 20 ? 1 : Math.ceil(count / 20) + 2);
        expect(await visible()).toEqual({ holders: 1, pointers: 1, tags: 1, revision: 1 });
        expect(await stored()).toMatchObject({ id: version.id, status: 'default' });
        expect((await stored())?.claim).toBeUndefined();
        expect(await filesLeft()).toHaveLength(count);
        expect(await claims()).toEqual([]);
        expect(await app.registry.table.get(keys.readme(ref(), named.version('1')))).toMatchObject({
          text: 'Read me.',
        });
        await expectSound();
      },
    );

    test('one of eight concurrent publishes succeeds, and the others are rejected as duplicates', async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => publish(60, `try ${n}`)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'duplicateVersion' });
      }
      expect(await filesLeft()).toHaveLength(60);
      expect(await visible()).toMatchObject({ pointers: 1, revision: 1 });
      await expectSound();
    });

    test('concurrent publishes of different versions with the same bytes count every file', async () => {
      const files = await staged(60);
      const versions = ['1', '2', '3', '4'];
      const input = { project, actor, format: keeping, name: named.package('tool'), metadata: {}, files };
      await Promise.all(
        versions.map((version) =>
          publishVersion(app.registry, { ...input, version: named.version(version) }),
        ),
      );
      const sha256 = files[0]?.blob.digests.sha256 as Sha256;
      const record = await app.registry.table.get(keys.blob(sha256));
      expect(record?.refs).toBe(4);
      expect(await visible()).toMatchObject({ pointers: 4, revision: 4 });
      await expectSound();
    });

    test('a version that is still being published cannot be tagged, changed, deleted or added to', async () => {
      let checked = 0;
      const stop = onWrite(async (writes, write) => {
        await write(writes);
        if (checked > 0 || !writes.some(isFileWrite)) return;
        checked++;
        stop();
        await expect(removeVersion(app.registry, deletion())).rejects.toMatchObject({
          code: 'packageNotFound',
        });
        await expect(moveTag(app.registry, { ...deletion(), tag: named.tag('a') })).rejects.toMatchObject({
          code: 'packageNotFound',
        });
        const change = changeStatuses(
          app.registry,
          { ...deletion(), format: rulesOf('generic'), versions: [named.version('1')] },
          () => 'default',
        );
        await expect(change).rejects.toMatchObject({ code: 'packageNotFound' });
        const fileId = entityOf<{ id: number }>((await filesLeft())[0]!).id;
        await expect(removeFile(app.registry, { ...deletion(), fileId })).rejects.toMatchObject({
          code: 'fileNotFound',
        });
        await expect(add(await staged(1, 'other'))).rejects.toMatchObject({ code: 'contended' });
        await expect(add(await staged(60, 'other'))).rejects.toMatchObject({ code: 'contended' });
        await expect(publish(1)).rejects.toMatchObject({ code: 'duplicateVersion' });
        await expectSound();
      });
      await publish(60);
      expect(checked).toBe(1);
      expect(await filesLeft()).toHaveLength(60);
      await expectSound();
    });

    test('a publish that is refused halfway leaves no records and no unswept bytes', async () => {
      let files = 0;
      const stop = onWrite(async (writes, write) => {
        if (writes.some(isFileWrite) && ++files === 3) throw new RegistryError('storageFull');
        await write(writes);
      });
      await expect(publish(60)).rejects.toMatchObject({ code: 'storageFull' });
      stop();
      expect([await stored(), await filesLeft(), await claims()]).toEqual([undefined, [], []]);
      expect(await visible()).toEqual(nothing);
      await expectSound();
      await publish(60);
      await removeVersion(app.registry, deletion());
      app.clock.advance(48 * 60 * MINUTE);
      expect(await sweepBlobs(app.registry)).toMatchObject({ blobs: 60 });
      await expectSound();
    });

    test('the claim of a dead publisher keeps others out for a minute, and is then taken over', async () => {
      const stop = dieAfter(3);
      await expect(publish(60, 'dead')).rejects.toBeInstanceOf(StoreUnavailable);
      stop();
      expect(await filesLeft()).toHaveLength(40);
      await expectSound();
      app.clock.advance(MINUTE - 1000);
      await expect(publish(60, 'early')).rejects.toMatchObject({ code: 'duplicateVersion' });
      await expect(publish(1, 'early')).rejects.toMatchObject({ code: 'duplicateVersion' });
      app.clock.advance(2000);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 4 }, (_, n) => publish(n % 2 === 0 ? 60 : 2, `late ${n}`)),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'duplicateVersion' });
      }
      const version = await stored();
      const owners = (await filesLeft()).map((item) => entityOf<{ versionId: number }>(item).versionId);
      expect(new Set(owners)).toEqual(new Set([version?.id]));
      expect(await claims()).toEqual([]);
      await expectSound();
    });

    test('a stalled publisher whose claim was taken over adds nothing more', async () => {
      let files = 0;
      const stop = onWrite(async (writes, write) => {
        if (writes.some(isFileWrite) && ++files === 2) {
          stop();
          app.clock.advance(2 * MINUTE);
          await publish(30, 'second');
        }
        await write(writes);
      });
      await expect(publish(60, 'first')).rejects.toMatchObject({ code: 'contended' });
      expect(await filesLeft()).toHaveLength(30);
      expect(await visible()).toMatchObject({ pointers: 1, revision: 1 });
      await expectSound();
    });

    test.each([1, 2, 3, 4])(
      'the sweep undoes a publish that died after %i writes, but only once its claim has expired',
      async (writes) => {
        const stop = dieAfter(writes);
        await expect(publish(60)).rejects.toBeInstanceOf(StoreUnavailable);
        stop();
        await sweepClaims(app.registry);
        expect(await claims()).toHaveLength(1);
        app.clock.advance(2 * MINUTE);
        await Promise.all([sweepClaims(app.registry), sweepClaims(app.registry)]);
        expect([await stored(), await filesLeft(), await claims()]).toEqual([undefined, [], []]);
        expect(await visible()).toEqual(nothing);
        await expectSound();
        await publish(60);
        expect(await filesLeft()).toHaveLength(60);
      },
    );

    test.each([1, 2, 3])(
      'an undo that dies after %i writes is completed by the next publish',
      async (writes) => {
        const dead = dieAfter(4);
        await expect(publish(80)).rejects.toBeInstanceOf(StoreUnavailable);
        dead();
        app.clock.advance(2 * MINUTE);
        const stop = dieAfter(writes);
        await expect(sweepClaims(app.registry)).rejects.toBeInstanceOf(StoreUnavailable);
        stop();
        await publish(30, 'next');
        expect(await filesLeft()).toHaveLength(30);
        expect(await claims()).toEqual([]);
        await expectSound();
      },
    );

    test('many files are added to an existing version in order, and replace files if the format allows it', async () => {
      await publish(60);
      const files = await staged(70, 'new');
      await expect(add(files, keeping)).rejects.toMatchObject({ code: 'duplicateFile' });
      expect(await filesLeft()).toHaveLength(60);
      const added = await add(files);
      expect(added.files.map(({ fileName }) => fileName)).toEqual(files.map(({ fileName }) => fileName));
      expect(await filesLeft()).toHaveLength(130);
      expect(await visible()).toMatchObject({ pointers: 1 });
      await expectSound();
    });

    test('exactly one of four concurrent additions of many files creates the version', async () => {
      const all = await Promise.all(Array.from({ length: 4 }, (_, n) => staged(60, `${n}`)));
      const outcomes = await Promise.allSettled(all.map((files) => add(files, keeping)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await filesLeft()).toHaveLength(60);
      expect(await visible()).toMatchObject({ pointers: 1, revision: 1 });
    });

    test('a removed version can be published again, and restored once an unfinished publish of it is undone', async () => {
      app = await startApp({ ...(await fresh()), settings: { retention: 60 * MINUTE } });
      project = await app.project('tools');
      const first = await publish(60, 'first');
      await removeVersion(app.registry, deletion());
      const stop = dieAfter(4);
      await expect(publish(70, 'second')).rejects.toBeInstanceOf(StoreUnavailable);
      stop();
      const restore = () => restoreVersion(app.registry, { ...deletion(), id: first.id });
      await expect(restore()).rejects.toMatchObject({ code: 'conflict' });
      app.clock.advance(2 * MINUTE);
      await restore();
      const current = (await filesLeft()).filter((item) => !isOlderFile(item));
      expect(current).toHaveLength(60);
      expect(new Set(current.map((item) => item.versionId))).toEqual(new Set([first.id]));
      expect(await claims()).toEqual([]);
      await expectSound();
      await removeVersion(app.registry, deletion());
      const second = await publish(70, 'second');
      expect((await filesLeft()).filter((item) => item.versionId === second.id)).toHaveLength(70);
      await expectSound();
    });

    test('a version of 500 files and a file of a hundred parts are removed completely', async () => {
      await publish(500);
      await removeVersion(app.registry, deletion());
      expect([await stored(), await filesLeft()]).toEqual([undefined, []]);
      expect((await visible()).holders).toBe(0);
      const [main, ...parts] = await staged(101, 'part');
      const { files } = await add([main!, ...parts.map((file) => ({ ...file, partOf: main!.fileName }))]);
      const fileId = files[0]?.id ?? 0;
      const kept = { ...app.registry, settings: { ...app.registry.settings, retention: 60 * MINUTE } };
      await removeFile(kept, { ...deletion(), fileId });
      expect((await filesLeft()).filter((item) => !isOlderFile(item))).toEqual([]);
      await restoreFile(kept, { ...deletion(), id: fileId });
      expect((await filesLeft()).filter((item) => !isOlderFile(item))).toHaveLength(101);
      await removeFile(app.registry, { ...deletion(), fileId });
      expect(await filesLeft()).toEqual([]);
      await expectSound();
    });
  });
}
