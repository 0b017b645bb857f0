import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import type { PackageFile, Version } from '../../services/domain/packages.ts';
import {
  purgeProjects,
  removeProject,
  restoreProject,
} from '../../services/registry/accounts/remove-project.ts';
import { stageBlob } from '../../services/registry/blobs/stage-blob.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { listHolders } from '../../services/registry/packages/locate-packages.ts';
import { moveTag } from '../../services/registry/packages/move-tag.ts';
import { tagWrite } from '../../services/registry/packages/package-writes.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import {
  type BlobRecord,
  entityOf,
  maybeEntity,
  type StoredHead,
} from '../../services/registry/records/entities.ts';
import { indexes, keys, ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { purgeDue } from '../../services/registry/removal/purge.ts';
import { removeFile } from '../../services/registry/removal/remove-file.ts';
import { removePackage, restorePackage } from '../../services/registry/removal/remove-package.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { restoreFile, restoreVersion } from '../../services/registry/removal/restore.ts';
import { named } from '../kit/names.ts';
import { bytesOf, keeping, replacing, sha256Of } from '../kit/publish.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

const DAY = 24 * 3600 * 1000;

/** Removing, restoring and purging on the stores that `open` returns. */
export function describeRemoval(name: string, open: () => Promise<OpenedStores>): void {
  describe(`removal on ${name}`, () => {
    let app: TestApp;
    let project: Project;
    let close: () => Promise<void>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp({ ...opened, settings: { retention: 7 * DAY, proxyDownload: true } });
      project = await app.project('tools');
    });
    afterEach(() => close());

    const actor = { kind: 'user', id: 1, name: 'root' } as const;
    const tool = { format: 'generic', name: named.package('tool') };
    const ref = () => ({ projectId: project.id, ...tool });

    async function file(fileName: string, content: string) {
      const { blob } = await stageBlob(app.registry, bytesOf(content), { limit: 1e6 });
      return { fileName: named.file(fileName), contentType: 'text/plain', blob };
    }

    async function publish(version: string, files: Readonly<Record<string, string>>) {
      const staged = await Promise.all(Object.entries(files).map(([each, content]) => file(each, content)));
      const input = {
        project,
        actor,
        ...tool,
        format: keeping,
        version: named.version(version),
        metadata: {},
        readme: `read ${version}`,
      };
      return publishVersion(app.registry, { ...input, files: staged, tags: [named.tag(`tag-${version}`)] });
    }

    async function add(version: string, fileName: string, content: string) {
      const files = [await file(fileName, content)];
      return addFiles(app.registry, {
        project,
        actor,
        ...tool,
        format: replacing,
        version: named.version(version),
        metadata: {},
        files,
      });
    }

    const remove = (version: string) =>
      removeVersion(app.registry, { project, actor, ...tool, version: named.version(version) });
    const restore = (id: number) => restoreVersion(app.registry, { project, actor, ...tool, id });

    async function send(path: string): Promise<string> {
      const url = `/api/v4/projects/${project.id}/packages/generic/tool/${path}`;
      const answer = await app.send('GET', url, { token: app.rootToken });
      return answer.status === 200 ? answer.text() : String(answer.status);
    }

    async function listed(): Promise<string[]> {
      const answer = await app.send('GET', `/api/v4/projects/${project.id}/packages`, {
        token: app.rootToken,
      });
      return ((await answer.json()) as { version: string }[]).map(({ version }) => version);
    }

    const head = async () => maybeEntity<StoredHead>(await app.registry.table.get(keys.head(ref())));

    async function refsOf(content: string): Promise<number | undefined> {
      return maybeEntity<BlobRecord>(await app.registry.table.get(keys.blob(sha256Of(content))))?.refs;
    }

    /** Checks that nothing is miscounted, missing or left over. */
    async function expectSound(): Promise<void> {
      const { problems } = await checkStorage(app.registry, { verify: false, concurrency: 4 });
      expect(problems).toEqual([]);
    }

    /** The sort keys that the package still has in the table, except its head and its change log. */
    async function left(): Promise<string[]> {
      const items = await queryAll(app.registry.table, { pk: keys.head(ref()).pk });
      return items.map(({ sk }) => sk).filter((sk) => sk !== 'HEAD' && !sk.startsWith('CHANGE#'));
    }

    test('a removed version is neither listed nor served, and can be restored unchanged', async () => {
      const { id } = await publish('1.0', { 'a.bin': 'a', 'b.bin': 'b' });
      await add('1.0', 'a.bin', 'a, newer');
      await remove('1.0');
      expect([await send('1.0/a.bin'), await send('1.0/b.bin'), await listed()]).toEqual(['404', '404', []]);
      expect(await listHolders(app.registry, tool)).toEqual([]);
      expect(await head()).toMatchObject({ versionCount: 0 });
      await expectSound();

      await restore(id);
      expect([await send('1.0/a.bin'), await send('1.0/b.bin')]).toEqual(['a, newer', 'b']);
      expect(await listed()).toEqual(['1.0']);
      expect(await listHolders(app.registry, tool)).toHaveLength(1);
      expect(await head()).toMatchObject({ versionCount: 1, live: true });
      const { table } = app.registry;
      expect(await table.get(keys.tag(ref(), named.tag('tag-1.0')))).toMatchObject({ version: '1.0' });
      expect(await table.get(keys.readme(ref(), named.version('1.0')))).toMatchObject({ text: 'read 1.0' });
      expect(await queryAll(table, indexes.removedIn(project.id))).toEqual([]);
      await expectSound();
    });

    test('a version that was published again is not overwritten by a restore of its predecessor', async () => {
      const first = await publish('1.0', { 'a.bin': 'first', 'only.bin': 'only in the first' });
      await remove('1.0');
      const second = await publish('1.0', { 'a.bin': 'second' });
      expect([await send('1.0/a.bin'), await send('1.0/only.bin')]).toEqual(['second', '404']);
      await expect(restore(first.id)).rejects.toMatchObject({ code: 'conflict' });
      expect(await send('1.0/a.bin')).toBe('second');

      await remove('1.0');
      await restore(first.id);
      expect([await send('1.0/a.bin'), await send('1.0/only.bin')]).toEqual(['first', 'only in the first']);
      await expect(restore(second.id)).rejects.toMatchObject({ code: 'conflict' });
      await remove('1.0');
      await restore(second.id);
      expect([await send('1.0/a.bin'), await send('1.0/only.bin')]).toEqual(['second', '404']);
      await expectSound();
    });

    test('a package is removed with all versions and restored except for those published again', async () => {
      for (const version of ['1.0', '2.0', '3.0']) await publish(version, { 'a.bin': version });
      expect(await removePackage(app.registry, { project, actor, ...tool })).toBe(3);
      expect([await listed(), await listHolders(app.registry, tool)]).toEqual([[], []]);
      await publish('2.0', { 'a.bin': 'again' });
      expect(await restorePackage(app.registry, { project, actor, ...tool })).toBe(2);
      const sent = await Promise.all(['1.0', '2.0', '3.0'].map((version) => send(`${version}/a.bin`)));
      expect(sent).toEqual(['1.0', 'again', '3.0']);
      await expectSound();
    });

    test('the record of a package says when and by whom it was removed, until it is published or restored', async () => {
      const record = async () => {
        const head = await app.registry.table.get(keys.head({ projectId: project.id, ...tool }));
        return [head?.removedAt, head?.removedBy];
      };
      const { kind, id, name } = actor;
      for (const version of ['1.0', '2.0']) await publish(version, { 'a.bin': version });
      expect(await record()).toEqual([undefined, undefined]);
      const now = app.clock.now();
      await removePackage(app.registry, { project, actor, ...tool });
      expect(await record()).toEqual([now, { kind, id, name }]);
      expect(await restorePackage(app.registry, { project, actor, ...tool })).toBe(2);
      expect(await record()).toEqual([undefined, undefined]);
      // Of a removal that is interrupted after its last version, a second call notes the rest.
      await remove('1.0');
      await remove('2.0');
      expect(await record()).toEqual([undefined, undefined]);
      await removePackage(app.registry, { project, actor, ...tool });
      expect(await record()).toEqual([now, { kind, id, name }]);
      await publish('3.0', { 'a.bin': 'again' });
      expect(await record()).toEqual([undefined, undefined]);
      await expectSound();
    });

    test('a package is restored without the versions that were removed before it, one by one', async () => {
      for (const version of ['1.0', '2.0', '3.0']) await publish(version, { 'a.bin': version });
      await remove('2.0');
      app.clock.advance(DAY);
      await removePackage(app.registry, { project, actor, ...tool });
      expect(await restorePackage(app.registry, { project, actor, ...tool })).toBe(2);
      expect((await listed()).sort()).toEqual(['1.0', '3.0']);
      await remove('1.0');
      expect(await restorePackage(app.registry, { project, actor, ...tool })).toBe(0);
      expect(await listed()).toEqual(['3.0']);
    });

    test('a package whose removal was interrupted and called again is restored as a whole', async () => {
      for (const version of ['1.0', '2.0', '3.0']) await publish(version, { 'a.bin': version });
      const [first] = (await queryAll(app.registry.table, ranges.versions(ref()))).map((item) =>
        entityOf<Version>(item),
      );
      app.clock.advance(1000);
      if (first) await removePackage(app.registry, { project, actor, ...tool, versions: [first] });
      app.clock.advance(1000);
      expect(await removePackage(app.registry, { project, actor, ...tool })).toBe(2);
      expect(await restorePackage(app.registry, { project, actor, ...tool })).toBe(3);
      app.clock.advance(1000);
      await removePackage(app.registry, { project, actor, ...tool });
      app.clock.advance(1000);
      await publish('4.0', { 'a.bin': '4' });
      app.clock.advance(1000);
      await removePackage(app.registry, { project, actor, ...tool });
      expect(await restorePackage(app.registry, { project, actor, ...tool })).toBe(1);
      expect(await listed()).toEqual(['4.0']);
    });

    const tagNames = async () =>
      (await queryAll(app.registry.table, ranges.tags(ref()))).map(({ tag }) => String(tag)).sort();

    /** Sets `count` tags to a version. */
    async function setTags(version: string, count: number): Promise<void> {
      const names = Array.from({ length: count }, (_, n) => named.tag(`t-${String(n).padStart(3, '0')}`));
      for (let start = 0; start < count; start += 100) {
        const some = names.slice(start, start + 100);
        await app.registry.table.write(
          some.map((tag) => tagWrite(ref(), tag, named.version(version), app.clock.now())),
        );
      }
    }

    test('a version with many tags is removed, and restored with all but those set again since', async () => {
      const { id } = await publish('1.0', { 'a.bin': 'a' });
      await publish('2.0', { 'a.bin': 'b' });
      await setTags('1.0', 130);
      const before = await tagNames();
      await remove('1.0');
      expect(await tagNames()).toEqual(['tag-2.0']);
      const moved = { project, actor, ...tool, version: named.version('2.0') };
      for (const tag of ['t-000', 't-129']) await moveTag(app.registry, { ...moved, tag: named.tag(tag) });
      await restore(id);
      expect(await tagNames()).toEqual(before);
      const ofSecond = (await queryAll(app.registry.table, ranges.tags(ref())))
        .filter(({ version }) => version === '2.0')
        .map(({ tag }) => tag);
      expect(ofSecond).toEqual(['t-000', 't-129', 'tag-2.0']);
      expect((await left()).filter((sk) => sk.startsWith('REMOVED#'))).toEqual([]);

      await remove('1.0');
      app.clock.advance(8 * DAY);
      await purgeDue(app.registry);
      expect((await left()).filter((sk) => sk.startsWith('REMOVED#'))).toEqual([]);
      await expectSound();
    });

    test('restoring a version leaves a tag that now names another version', async () => {
      const { id } = await publish('1.0', { 'a.bin': 'a' });
      await publish('2.0', { 'a.bin': 'b' });
      await remove('1.0');
      await moveTag(app.registry, {
        project,
        actor,
        ...tool,
        tag: named.tag('tag-1.0'),
        version: named.version('2.0'),
      });
      await restore(id);
      expect(await app.registry.table.get(keys.tag(ref(), named.tag('tag-1.0')))).toMatchObject({
        version: '2.0',
      });
    });

    test('a file uploaded to a removed version creates a new version', async () => {
      const { id } = await publish('1.0', { 'a.bin': 'a' });
      await remove('1.0');
      const files = [await file('a.bin', 'again')];
      const input = { project, actor, ...tool, version: named.version('1.0'), metadata: {}, files };
      const { version } = await addFiles(app.registry, { ...input, format: keeping });
      expect(version.id).not.toBe(id);
      expect(await send('1.0/a.bin')).toBe('again');
      await expectSound();
    });

    test('removing a file brings back its older copy, and it can be restored only when its name is free', async () => {
      const { id: version } = await publish('1.0', { 'a.bin': 'old' });
      const { files } = await add('1.0', 'a.bin', 'new');
      const fileId = files[0]?.id ?? 0;
      const input = { project, actor, ...tool, version: named.version('1.0') };
      await removeFile(app.registry, { ...input, fileId });
      expect(await send('1.0/a.bin')).toBe('old');
      await expect(restoreFile(app.registry, { ...input, id: fileId })).rejects.toMatchObject({
        code: 'conflict',
      });

      const older = (await queryAll(app.registry.table, ranges.filesOf(ref(), named.version('1.0'))))
        .map((item) => entityOf<PackageFile>(item))
        .find(({ id }) => id !== fileId);
      await removeFile(app.registry, { ...input, fileId: older?.id ?? 0 });
      expect(await send('1.0/a.bin')).toBe('404');
      const url = `/api/v4/projects/${project.id}/packages/${version}/package_files`;
      expect(await (await app.send('GET', url, { token: app.rootToken })).json()).toEqual([]);
      await restoreFile(app.registry, { ...input, id: fileId });
      expect(await send('1.0/a.bin')).toBe('new');
      await expectSound();
    });

    test('a file is removed and restored together with its parts', async () => {
      await publish('1.0', { 'a.bin': 'a' });
      const part = { ...(await file('a.bin.sig', 'signature')), partOf: named.file('a.bin') };
      const input = { project, actor, ...tool, version: named.version('1.0') };
      await addFiles(app.registry, { ...input, format: replacing, metadata: {}, files: [part] });
      const [target] = await queryAll(app.registry.table, ranges.filesOf(ref(), named.version('1.0')));
      const id = Number(target?.id);
      await removeFile(app.registry, { ...input, fileId: id });
      expect([await send('1.0/a.bin'), await send('1.0/a.bin.sig')]).toEqual(['404', '404']);
      await restoreFile(app.registry, { ...input, id });
      expect([await send('1.0/a.bin'), await send('1.0/a.bin.sig')]).toEqual(['a', 'signature']);
      await expectSound();
    });

    test('versions and files that are due are purged with their bytes, and others are kept', async () => {
      const { id } = await publish('1.0', { 'a.bin': 'a', 'b.bin': 'shared' });
      await publish('2.0', { 'a.bin': 'shared', 'c.bin': 'c' });
      await remove('1.0');
      const [target] = (
        await queryAll(app.registry.table, ranges.filesOf(ref(), named.version('2.0')))
      ).filter((item) => item.fileName === 'c.bin');
      app.clock.advance(DAY);
      await removeFile(app.registry, {
        project,
        actor,
        ...tool,
        version: named.version('2.0'),
        fileId: Number(target?.id),
      });
      await purgeDue(app.registry);
      expect([await refsOf('a'), await refsOf('shared'), await refsOf('c')]).toEqual([1, 2, 1]);

      app.clock.advance(6 * DAY);
      await purgeDue(app.registry);
      expect([await refsOf('a'), await refsOf('shared'), await refsOf('c')]).toEqual([0, 1, 1]);
      await expect(restore(id)).rejects.toMatchObject({ code: 'packageNotFound' });

      app.clock.advance(DAY);
      await purgeDue(app.registry);
      expect(await refsOf('c')).toBe(0);
      expect(await send('2.0/a.bin')).toBe('shared');
      expect(await queryAll(app.registry.table, indexes.removed)).toEqual([]);
      await remove('2.0');
      app.clock.advance(8 * DAY);
      await purgeDue(app.registry);
      expect(await left()).toEqual([]);
      await expectSound();
    });

    test('a version of more files than one transaction holds is removed, restored and purged', async () => {
      const { id } = await publish('1.0', { '0.bin': '0' });
      for (let n = 1; n < 60; n++) await add('1.0', `${n}.bin`, `${n}`);
      await remove('1.0');
      await publish(
        '1.0',
        Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}.bin`, `new ${n}`])),
      );
      await remove('1.0');
      await restore(id);
      const sent = await Promise.all(Array.from({ length: 60 }, (_, n) => send(`1.0/${n}.bin`)));
      expect(sent).toEqual(Array.from({ length: 60 }, (_, n) => `${n}`));
      await remove('1.0');
      app.clock.advance(8 * DAY);
      await purgeDue(app.registry);
      expect(await left()).toEqual([]);
      await expectSound();
    });

    test('a project is removed with its packages and restored with its members', async () => {
      await publish('1.0', { 'a.bin': 'a' });
      const { token } = await app.user('dev', { level: 30, of: project });
      await removeProject(app.registry, project, actor);
      const url = `/api/v4/projects/${project.id}/packages/generic/tool/1.0/a.bin`;
      expect((await app.send('GET', url, { token })).status).toBe(404);
      await purgeProjects(app.registry);
      await expectSound();

      await restoreProject(app.registry, project.id, actor);
      expect(await (await app.send('GET', url, { token })).text()).toBe('a');
      expect((await app.send('GET', '/api/v4/projects/acme%2Ftools', { token })).status).toBe(200);
      await expect(restoreProject(app.registry, project.id, actor)).rejects.toMatchObject({
        code: 'projectNotFound',
      });
    });

    test('a project whose path was taken cannot be restored, and is purged when it is due', async () => {
      await publish('1.0', { 'a.bin': 'a' });
      await publish('2.0', { 'b.bin': 'b' });
      await remove('2.0');
      await removeProject(app.registry, project, actor);
      await app.project('tools');
      await expect(restoreProject(app.registry, project.id, actor)).rejects.toMatchObject({
        fields: { path: ['has already been taken'] },
      });
      app.clock.advance(8 * DAY);
      await purgeProjects(app.registry);
      expect([await refsOf('a'), await refsOf('b')]).toEqual([0, 0]);
      expect(await left()).toEqual([]);
      expect(await app.registry.table.get(keys.removedProject(project.id))).toBeUndefined();
      await expectSound();
    });

    test('concurrent restores, purges, publishes and removals leave nothing half-done', async () => {
      for (let round = 0; round < 12; round++) {
        const { id } = await publish('1.0', { 'a.bin': `first ${round}`, 'b.bin': 'both' });
        await remove('1.0');
        app.clock.advance(8 * DAY);
        const [restored, , published] = await Promise.allSettled([
          restore(id),
          purgeDue(app.registry),
          publish('1.0', { 'a.bin': `second ${round}` }),
        ]);
        expect(
          [restored.status, published.status].filter((each) => each === 'fulfilled').length,
        ).toBeLessThan(2);
        const sent = await send('1.0/a.bin');
        if (restored.status === 'fulfilled') expect(sent).toBe(`first ${round}`);
        else if (published.status === 'fulfilled') expect(sent).toBe(`second ${round}`);
        else expect(sent).toBe('404');
        await expectSound();
        await Promise.allSettled([remove('1.0'), remove('1.0')]);
        app.clock.advance(8 * DAY);
        await purgeDue(app.registry);
        expect(await left()).toEqual([]);
      }
    });
  });
}
