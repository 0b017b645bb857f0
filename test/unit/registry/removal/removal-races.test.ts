import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { PackageFile } from '../../../../services/domain/packages.ts';
import { changeGroup } from '../../../../services/registry/accounts/change-group.ts';
import { changeProject } from '../../../../services/registry/accounts/change-project.ts';
import {
  purgeProjects,
  removeProject,
  restoreProject,
} from '../../../../services/registry/accounts/remove-project.ts';
import { stageBytes } from '../../../../services/registry/blobs/stage-blob.ts';
import type { Registry } from '../../../../services/registry/context.ts';
import { checkStorage } from '../../../../services/registry/maintenance/check/check-storage.ts';
import { sweepClaims } from '../../../../services/registry/maintenance/collect/sweep-claims.ts';
import { type AddedFiles, addFiles } from '../../../../services/registry/packages/add-files.ts';
import { listHolders } from '../../../../services/registry/packages/locate-packages.ts';
import { moveTag } from '../../../../services/registry/packages/move-tag.ts';
import { tagWrite } from '../../../../services/registry/packages/package-writes.ts';
import {
  entityOf,
  maybeEntity,
  type StoredHead,
  umbrellaNameOf,
} from '../../../../services/registry/records/entities.ts';
import { tableIds } from '../../../../services/registry/records/ids.ts';
import { indexes, keys, ranges } from '../../../../services/registry/records/keys.ts';
import { queryAll } from '../../../../services/registry/records/query-all.ts';
import { purgeDue, purgeItem } from '../../../../services/registry/removal/purge.ts';
import { removeFile } from '../../../../services/registry/removal/remove-file.ts';
import { removeVersion } from '../../../../services/registry/removal/remove-version.ts';
import { restoreVersion } from '../../../../services/registry/removal/restore.ts';
import { named } from '../../../kit/names.ts';
import { replacing } from '../../../kit/publish.ts';
import { deletes, diesAfter, puts, runBeforeWrite, type WritesMatch } from '../../../kit/racing-writes.ts';
import { deployToken, startApp, type TestApp } from '../../../kit/start-app.ts';

const DAY = 24 * 3600 * 1000;
const actor = { kind: 'user', id: 1, name: 'root' } as const;
const target = { format: 'generic', name: named.package('tool') };

let app: TestApp;
let project: Project;
beforeEach(() => start(7 * DAY));

async function start(retention: number): Promise<void> {
  app = await startApp({ settings: { retention } });
  project = await app.project('tools');
}

const ref = () => ({ projectId: project.id, ...target });

async function add(
  version: string,
  files: Readonly<Record<string, string>>,
  { registry = app.registry, ...more }: { registry?: Registry } & Partial<AddedFiles<object>> = {},
) {
  const staged = Object.entries(files).map(async ([fileName, content]) => ({
    fileName: named.file(fileName),
    contentType: 'text/plain',
    blob: await stageBytes(registry, Buffer.from(content)),
  }));
  const input = {
    project,
    actor,
    format: replacing,
    name: target.name,
    version: named.version(version),
    metadata: {},
  };
  return addFiles<object>(registry, { ...input, ...more, files: await Promise.all(staged) });
}

const remove = (version: string) =>
  removeVersion(app.registry, { project, actor, ...target, version: named.version(version) });
const restore = (id: number) => restoreVersion(app.registry, { project, actor, ...target, id });

async function send(path: string): Promise<string> {
  const url = `/api/v4/projects/${project.id}/packages/generic/tool/${path}`;
  const answer = await app.send('GET', url, { token: app.rootToken });
  return answer.status === 200 ? answer.text() : String(answer.status);
}

async function filesOf(version: string): Promise<PackageFile[]> {
  const items = await queryAll(app.registry.table, ranges.filesOf(ref(), named.version(version)));
  return items.map((item) => entityOf<PackageFile>(item));
}

const beforeWrite = (matches: WritesMatch, other: () => Promise<unknown>) =>
  runBeforeWrite(app.registry.table, matches, other);

async function expectConsistent(): Promise<void> {
  const { problems } = await checkStorage(app.registry, { verify: false, concurrency: 4 });
  expect(problems).toEqual([]);
}

describe('removing an older copy of a file', () => {
  async function olderCopy(): Promise<PackageFile> {
    await add('1', { 'a.bin': 'old' });
    await add('1', { 'a.bin': 'new' });
    await add('1', { 'b.bin': 'old' });
    const [newer, older] = (await filesOf('1')).filter(({ fileName }) => fileName === 'a.bin');
    if (!newer || !older) throw new Error('no older copy');
    return older;
  }
  const input = () => ({ project, actor, ...target, version: named.version('1') });
  const removed = (file: PackageFile) =>
    puts(keys.olderFile(ref(), named.version('1'), named.identity('a.bin'), file.id).sk);

  test('releases its bytes only once for two concurrent requests', async () => {
    await start(0);
    const { id: fileId, ...older } = await olderCopy();
    const request = () => removeFile(app.registry, { ...input(), fileId });
    beforeWrite(removed({ ...older, id: fileId }), request);
    await expect(request()).rejects.toMatchObject({ code: 'fileNotFound' });
    await expectConsistent();
  });

  test('succeeds even if it has just taken the place of the newer copy', async () => {
    const older = await olderCopy();
    const [newer] = await filesOf('1');
    beforeWrite(removed(older), () => removeFile(app.registry, { ...input(), fileId: newer?.id ?? 0 }));
    await removeFile(app.registry, { ...input(), fileId: older.id });
    expect(await send('1/a.bin')).toBe('404');
    await expectConsistent();
    app.clock.advance(8 * DAY);
    await purgeDue(app.registry);
    await expectConsistent();
  });
});

describe('the copy of a file that was published last', () => {
  /** Another process, with its own block of ids. */
  const other = () => ({ ...app.registry, ids: tableIds(app.registry.table) });

  async function publishFromTwo(): Promise<number> {
    const first = other();
    // The block of the first process comes before that of the second, which publishes earlier.
    await first.ids.next('file');
    const { version } = await add('1', { 'a.bin': 'oldest' }, { registry: other() });
    app.clock.advance(1000);
    await add('1', { 'a.bin': 'older' }, { registry: first });
    app.clock.advance(1000);
    return version.id;
  }

  test('takes the place of a removed newer copy, regardless of their ids', async () => {
    await publishFromTwo();
    const { files } = await add('1', { 'a.bin': 'newest' });
    await removeFile(app.registry, {
      project,
      actor,
      ...target,
      version: named.version('1'),
      fileId: files[0]?.id ?? 0,
    });
    expect(await send('1/a.bin')).toBe('older');
  });

  test('is served when its version is restored, regardless of their ids', async () => {
    const id = await publishFromTwo();
    await remove('1');
    await add('1', { 'a.bin': 'another version' });
    await remove('1');
    await restore(id);
    expect(await send('1/a.bin')).toBe('older');
    await expectConsistent();
  });
});

describe('a version with many tags', () => {
  const names = Array.from({ length: 90 }, (_, n) => `t-${n}`);

  async function tagged() {
    const { version } = await add('1', { 'a.bin': 'a' });
    await app.registry.table.write(
      names.map((tag) => tagWrite(ref(), named.tag(tag), version.version, app.clock.now())),
    );
    return version;
  }

  const tags = async () =>
    (await queryAll(app.registry.table, ranges.tags(ref()))).map(({ tag }) => String(tag));

  test('keeps all of them when its removal is interrupted, and then called again or undone', async () => {
    const { id } = await tagged();
    const input = { project, actor, ...target, version: named.version('1') };
    await expect(removeVersion(diesAfter(app.registry, 1), input)).rejects.toThrow('killed');
    expect([await send('1/a.bin'), (await tags()).length]).toEqual(['a', 60]);
    await restore(id);
    expect((await tags()).sort()).toEqual([...names].sort());
    await expect(removeVersion(diesAfter(app.registry, 1), input)).rejects.toThrow('killed');
    await remove('1');
    expect(await tags()).toEqual([]);
    await restore(id);
    expect((await tags()).sort()).toEqual([...names].sort());
    await expectConsistent();
  });

  test('gets all of them when its restore is interrupted and called again', async () => {
    const { id } = await tagged();
    await remove('1');
    const dying = diesAfter(app.registry, 2);
    await expect(restoreVersion(dying, { project, actor, ...target, id })).rejects.toThrow('killed');
    expect([await send('1/a.bin'), (await tags()).length]).toEqual(['a', 49]);
    await restore(id);
    expect((await tags()).sort()).toEqual([...names].sort());
    await expect(restore(id)).rejects.toMatchObject({ code: 'packageNotFound' });
  });

  test('gets those that the record of an earlier release has', async () => {
    const { id } = await add('1', { 'a.bin': 'a' }).then(({ version }) => version);
    await remove('1');
    const kept = names.slice(0, 70).map((tag) => ({ tag, version: '1', createdAt: 0, updatedAt: 0 }));
    await app.registry.table.write([{ update: keys.removedVersion(ref(), id), set: { tags: kept } }]);
    await restore(id);
    expect((await tags()).sort()).toEqual(names.slice(0, 70).sort());
  });
});

describe('restoring a version', () => {
  test('brings back all files even if others are published and removed concurrently', async () => {
    const { version } = await add('1', { 'a.bin': 'first' });
    await remove('1');
    beforeWrite(deletes(keys.removedVersion(ref(), version.id).sk), async () => {
      await add('1', { 'a.bin': 'second' });
      await remove('1');
    });
    await restore(version.id);
    expect(await send('1/a.bin')).toBe('first');
    await expectConsistent();
  });

  test('brings back all of many files even if another version of its name is half restored', async () => {
    const many = (content: string) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${n}.bin`, `${content} ${n}`]));
    const ids: number[] = [];
    for (const content of ['first', 'second']) {
      const { version } = await add('1', many(content));
      ids.push(version.id);
      await remove('1');
    }
    const [first = 0, second = 0] = ids;
    let halfWay = false;
    beforeWrite(deletes(keys.removedVersion(ref(), first).sk), async () => {
      // The other restore moves some of its files into place, and is killed.
      const dying = diesAfter(app.registry, 1);
      await expect(restoreVersion(dying, { project, actor, ...target, id: second })).rejects.toThrow(
        'killed',
      );
      halfWay = true;
    });
    await restore(first);
    expect(halfWay).toBe(true);
    const sent = await Promise.all(Array.from({ length: 40 }, (_, n) => send(`1/${n}.bin`)));
    expect(sent).toEqual(Array.from({ length: 40 }, (_, n) => `first ${n}`));
    await expectConsistent();
  });

  test('brings back all files even if a publish in steps starts and is undone concurrently', async () => {
    const { version } = await add('1', { '0.bin': 'first' });
    await remove('1');
    beforeWrite(deletes(keys.removedVersion(ref(), version.id).sk), async () => {
      const dying = diesAfter(app.registry, 2);
      const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}.bin`, `${n}`]));
      await expect(add('1', many, { registry: dying })).rejects.toThrow('killed');
      app.clock.advance(61_000);
      await sweepClaims(app.registry);
    });
    await restore(version.id);
    expect(await send('1/0.bin')).toBe('first');
    await expectConsistent();
  });
});

describe('the purge of removed versions and projects', () => {
  test('keeps a version that was restored and removed again after it was read', async () => {
    const { version } = await add('1', { 'a.bin': 'a' });
    await remove('1');
    const [due] = await queryAll(app.registry.table, indexes.removed);
    app.clock.advance(8 * DAY);
    await restore(version.id);
    await remove('1');
    if (due) await purgeItem(app.registry, due);
    await restore(version.id);
    expect(await send('1/a.bin')).toBe('a');
  });

  test('deletes a project with more tags of a version than one transaction can delete', async () => {
    await add('1', { 'a.bin': 'a' });
    for (let n = 0; n < 120; n++) {
      await moveTag(app.registry, {
        project,
        actor,
        ...target,
        tag: named.tag(`tag-${n}`),
        version: named.version('1'),
      });
    }
    await removeProject(app.registry, project, actor);
    app.clock.advance(8 * DAY);
    await purgeProjects(app.registry);
    expect(await app.registry.table.get(keys.removedProject(project.id))).toBeUndefined();
    expect(await queryAll(app.registry.table, ranges.tags(ref()))).toEqual([]);
    expect(await filesOf('1')).toEqual([]);
  });

  test('keeps a project that was restored and removed again after it was read', async () => {
    await add('1', { 'a.bin': 'a' });
    await removeProject(app.registry, project, actor);
    app.clock.advance(8 * DAY);
    beforeWrite(
      (writes) => writes.some((write) => 'update' in write && write.set?.purging === true),
      async () => {
        project = await restoreProject(app.registry, project.id, actor);
        await removeProject(app.registry, project, actor);
      },
    );
    await purgeProjects(app.registry);
    await restoreProject(app.registry, project.id, actor);
    expect(await send('1/a.bin')).toBe('a');
  });
});

describe('a removed project', () => {
  test('is restored without its tokens, even if its removal was interrupted', async () => {
    await add('1', { 'a.bin': 'a' });
    const { secret } = await deployToken(app.registry, project, ['read_package_registry']);
    const dying = diesAfter(app.registry, 1);
    await expect(removeProject(dying, project, actor)).rejects.toThrow('killed');
    await restoreProject(app.registry, project.id, actor);
    const url = `/api/v4/projects/${project.id}/packages/generic/tool/1/a.bin`;
    expect((await app.send('GET', url, { headers: { 'deploy-token': secret } })).status).not.toBe(200);
  });

  test('is restored with at most the current visibility of its group', async () => {
    const group = await app.subgroup('shared');
    const open = await app.project('open', 'public', group);
    await removeProject(app.registry, open, actor);
    await changeGroup(app.registry, group, { visibility: 'private' }, actor);
    expect(await restoreProject(app.registry, open.id, actor)).toMatchObject({ visibility: 'private' });
    expect((await app.send('GET', `/api/v4/projects/${open.id}`)).status).toBe(401);
  });

  test('is restored with its latest changes', async () => {
    const before = project;
    await changeProject(app.registry, before, { description: 'changed' }, actor);
    await removeProject(app.registry, before, actor);
    const restored = await restoreProject(app.registry, project.id, actor);
    expect(restored.description).toBe('changed');
  });

  test('leaves no inconsistencies when it is purged immediately', async () => {
    await add('1', { 'a.bin': 'a' });
    await removeProject(
      { ...app.registry, settings: { ...app.registry.settings, retention: 0 } },
      project,
      actor,
    );
    expect(await purgeProjects(app.registry)).toBe(true);
    await expectConsistent();
  });
});

test('a subpackage is no longer one of its umbrella after its many versions are removed concurrently', async () => {
  const umbrella = { name: named.package('group'), metadata: { prefix: 'tool' } };
  const versions = Array.from({ length: 30 }, (_, n) => `${n}.0`);
  for (const version of versions) await add(version, { 'a.bin': version }, { umbrella });
  await Promise.all(versions.map(remove));
  const list = { ...ref(), name: named.package('group') };
  expect(await queryAll(app.registry.table, ranges.subpackages(list))).toEqual([]);
  expect(await listHolders(app.registry, { format: 'generic', name: named.package('group') })).toEqual([]);
  expect(
    umbrellaNameOf(maybeEntity<StoredHead>(await app.registry.table.get(keys.head(ref())))),
  ).toBeUndefined();
});
