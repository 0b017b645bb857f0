import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { managementApi } from '../../services/api/app.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { PackageRef, Version } from '../../services/domain/packages.ts';
import { namedFile } from '../../services/formats/pypi/file-names.ts';
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import type { Registry } from '../../services/registry/context.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { readSchema, SCHEMA } from '../../services/registry/maintenance/upgrade/schema.ts';
import { upgradeData } from '../../services/registry/maintenance/upgrade/upgrade-data.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { entityOf } from '../../services/registry/records/entities.ts';
import { indexes, keys, ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { purgeDue } from '../../services/registry/removal/purge.ts';
import { removeFile } from '../../services/registry/removal/remove-file.ts';
import { removePackage, restorePackage } from '../../services/registry/removal/remove-package.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { restoreFile, restoreVersion } from '../../services/registry/removal/restore.ts';
import { createApp, createRegistry, type Stores } from '../../services/runtime/compose.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { fakeClock } from '../kit/fake-clock.ts';
import { named } from '../kit/names.ts';
import { JSON_TYPE, pypiPrefix, type SimplePage } from '../kit/pypi-registry.ts';
import { uploadForm, wheel } from '../kit/python-package.ts';
import { deletes, runBeforeWrite } from '../kit/racing-writes.ts';
import { differingAnswers, loadSample, readSample, type StoredSample } from '../kit/stored-sample.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;

const { fileIdentity, normalizedVersion, ...pypi } = allFormats.find(({ id }) => id === 'pypi') ?? {};

/** What tests do with the records that the code of schema 5 wrote, on given stores. */
export async function startNormalizing(stores: Omit<Stores, 'audit'>) {
  const sample: StoredSample = await readSample(5);
  const clock = fakeClock(Date.UTC(2027, 0, 1));
  const registry = createRegistry(
    { audit: memoryTable(), ...stores, clock, formats: async () => allFormats },
    { url: 'http://registry.test', proxyDownload: true },
  );
  const app = createApp(registry, { formats: allFormats, api: managementApi });
  await loadSample(registry, sample);
  const [tools] = await registry.table.getMany([keys.project(1)]);
  if (!tools) throw new Error('the sample has no project');
  const project = entityOf<Project>(tools);
  const base = pypiPrefix.project(1);
  const refOf = (name: string): PackageRef => ({ projectId: 1, format: 'pypi', name: named.package(name) });

  function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('private-token', sample.tokens.root ?? '');
    return Promise.resolve(app(new Request(`http://registry.test${path}`, { ...init, method, headers }), {}));
  }

  async function page(name: string, prefix = base): Promise<SimplePage> {
    const answer = await send('GET', `${prefix}/simple/${name}/`, { headers: { accept: JSON_TYPE } });
    if (answer.status === 404) return { name, versions: [], files: [] };
    return (await answer.json()) as SimplePage;
  }

  return {
    ...{ registry, clock, project, sample, send, page, refOf, base },
    differences: () => differingAnswers(app, sample),
    /** The versions and files of a page; fails if one of the files can't be downloaded, or is there twice. */
    async shown(name: string, prefix = base): Promise<string[]> {
      const { versions, files } = await page(name, prefix);
      for (const { url } of files) {
        expect([url, (await send('GET', new URL(url).pathname)).status]).toEqual([url, 200]);
      }
      return [...versions, ...files.map(({ filename }) => filename)];
    },
    upload: (version: string, options: Parameters<typeof wheel>[0] = {}) =>
      send('POST', base, uploadForm(wheel({ version, ...options })) as RequestInit),
    /** Publishes as the code of schema 5 did: under the spelling of the version. */
    async publishOld(name: string, version: string, fileNames: readonly string[]): Promise<Version> {
      const files = await Promise.all(
        fileNames.map(async (fileName) => {
          const { formerIdentity: identity, ...file } = namedFile(named.file(fileName));
          const blob = await stageBytes(registry, Buffer.from(fileName));
          return { ...file, ...(identity && { identity }), contentType: 'a/b', blob };
        }),
      );
      const { version: made } = await addFiles<unknown>(registry, {
        ...{ project, actor, format: pypi as never, name: named.package(name) },
        ...{ version: named.version(version), metadata: metadataOf(name), files },
      });
      return made;
    },
    /** The versions of the packages list of the project. */
    async listed(name: string): Promise<string[]> {
      const answer = await send('GET', `/api/v4/projects/1/packages?package_name=${name}`);
      return ((await answer.json()) as { version: string }[]).map(({ version }) => version).sort();
    },
    async problems(): Promise<readonly unknown[]> {
      return (await checkStorage(registry, { verify: true, concurrency: 2 })).problems;
    },
    /** What still has the spelling of its publisher: versions, present and removed, and files. */
    async former(): Promise<string[]> {
      const found: string[] = [];
      for (const name of ['sample', 'twin', 'gone', 'many']) {
        for (const range of [ranges.versions, ranges.removedVersions, ranges.files]) {
          for (const item of await queryAll(registry.table, range(refOf(name)))) {
            const version = named.version(String(item.version ?? '1.0.0'));
            const isFormer = normalizedVersion?.(version) !== version || item.otherFiles !== undefined;
            if (isFormer) found.push(`${item.pk} ${item.sk}`);
          }
        }
      }
      return found;
    },
  };
}

/** What `startNormalizing` returns. */
export type Normalizing = Awaited<ReturnType<typeof startNormalizing>>;

function metadataOf(displayName: string) {
  return {
    ...{ displayName, metadataVersion: '2.1', summary: '', requiresPython: '', keywords: '' },
    ...{ author: '', license: '', homePage: '', descriptionType: '', projectUrls: [], classifiers: [] },
    ...{ requiresDist: [], extras: [], publisher: 'root' },
  };
}

/** The names of wheels of a version, more than one transaction moves. */
export function wheelNames(name: string, version: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${name}-${version}-cp${number}-none-any.whl`);
}

/** Normalizing versions that the code of schema 5 stored, on the stores that `open` returns. */
export function describeNormalizing(
  name: string,
  open: () => Promise<{ readonly stores: Omit<Stores, 'audit'>; close(): Promise<void> }>,
): void {
  describe(`normalizing versions on ${name}`, () => {
    let old: Normalizing;
    let registry: Registry;
    let close: () => Promise<void>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      old = await startNormalizing(opened.stores);
      registry = old.registry;
    });
    afterEach(() => close());

    const inProject = (packageName: string) => ({
      ...{ project: old.project, actor, format: 'pypi', name: named.package(packageName) },
    });

    async function removedId(packageName: string): Promise<number> {
      const items = await queryAll(registry.table, ranges.removedVersions(old.refOf(packageName)));
      return Number(items.find(({ version }) => version !== undefined)?.id);
    }

    test('requests get the recorded responses before the upgrade, halfway through it and after it', async () => {
      expect(await old.differences()).toEqual([]);
      const stopped = new AbortController();
      const { table } = registry;
      const write: typeof table.write = async (writes) => {
        await table.write(writes);
        stopped.abort();
      };
      const stopping = { ...registry, table: { ...table, write } };
      expect(await upgradeData(stopping, stopped.signal)).toBe(false);
      expect(await old.problems()).toEqual([]);
      expect(await Promise.all([upgradeData(registry), upgradeData(registry)])).toContain(true);
      expect(await readSchema(registry)).toBe(SCHEMA);
      // At the group's level, the first copy of a version answers, also if the other is spelled differently.
      const shadowed = (path: string) =>
        !path.includes('/projects/') && path.includes('/sample-1.0.0-py3-none-any.whl');
      expect((await old.differences()).filter((each) => !shadowed(String(each)))).toEqual([]);
      expect(await old.former()).toEqual([]);
      expect(await old.problems()).toEqual([]);
    });

    test('no format has both equal versions and an index over all packages', () => {
      const both = allFormats.filter((format) => format.normalizedVersion && format.index);
      expect(both).toEqual([]);
    });

    test('a version is one with an equal one of another project, whatever their spelling', async () => {
      await upgradeData(registry);
      const names = ['Sample-1.0.tar.gz', 'sample-1.0-py3-none-any.whl'];
      for (const prefix of [pypiPrefix.group('acme'), pypiPrefix.instance]) {
        expect(await old.shown('sample', prefix)).toEqual([
          ...['1.0', '1.2.3', '3.0', ...names],
          ...['sample-1.2.3-py3-none-any.whl', 'sample-3.0-py3-none-any.whl'],
        ]);
      }
      const holders = ranges.versionHolders('pypi', named.package('sample'), named.version('1.0.0'), [2]);
      expect(await queryAll(registry.table, holders)).toHaveLength(2);
    });

    test('of equal versions in a project, one keeps the files of both and is shown as the first', async () => {
      expect(await old.listed('twin')).toEqual(['1.0', '1.0.0', '2']);
      await upgradeData(registry);
      expect(await old.listed('twin')).toEqual(['1.0', '2']);
      expect(await old.shown('twin')).toEqual([
        ...['1.0', '2', 'twin-1.0-py3-none-any.whl', 'twin-1.0.0-py3-none-any.whl', 'twin-1.0.tar.gz'],
        'twin-2-py3-none-any.whl',
      ]);
      expect(await registry.table.get(keys.head(old.refOf('twin')))).toMatchObject({ versionCount: 2 });
      expect(await old.problems()).toEqual([]);
      const actual = await removePackage(registry, inProject('twin'));
      expect([actual, await old.listed('twin')]).toEqual([2, []]);
    });

    test.each(['before', 'after'])('a removed version is restored %s the upgrade', async (when) => {
      if (when === 'after') await upgradeData(registry);
      await restoreVersion(registry, { ...inProject('gone'), id: await removedId('gone') });
      await upgradeData(registry);
      expect(await old.shown('gone')).toEqual([
        ...['1.0', '2.0', 'gone-1.0-py3-none-any.whl', 'gone-1.0.tar.gz', 'gone-2.0.tar.gz'],
      ]);
      expect([await old.former(), await old.problems()]).toEqual([[], []]);
    });

    test.each(['before', 'after'])('a restore %s the upgrade makes no second equal version', async (when) => {
      expect((await old.upload('1', { name: 'gone' })).status).toBe(201);
      if (when === 'after') await upgradeData(registry);
      const restoration = { ...inProject('gone'), id: await removedId('gone') };
      await expect(restoreVersion(registry, restoration)).rejects.toMatchObject({ code: 'conflict' });
      await removePackage(registry, inProject('gone'));
      expect(await restorePackage(registry, inProject('gone'))).toBe(2);
      await upgradeData(registry);
      expect(await old.listed('gone')).toEqual(['1', '2.0']);
      expect(await old.problems()).toEqual([]);
    });

    test('a restore finds an equal version that the upgrade has not reached', async () => {
      const items = await queryAll(registry.table, ranges.versions(old.refOf('twin')));
      const normal = items.map((item) => entityOf<Version>(item)).find(({ version }) => version === '1.0.0');
      await removeVersion(registry, { ...inProject('twin'), version: named.version('1.0.0') });
      const restoration = { ...inProject('twin'), id: normal?.id ?? 0 };
      await expect(restoreVersion(registry, restoration)).rejects.toMatchObject({ code: 'conflict' });
      expect(await old.listed('twin')).toEqual(['1.0', '2']);
    });

    test('a removed file is restored after the upgrade, and removed ones are purged', async () => {
      await upgradeData(registry);
      const items = await queryAll(registry.table, ranges.files(old.refOf('gone')));
      const removed = items.find(
        (item) => item.removedAt !== undefined && String(item.fileName).endsWith('.whl'),
      );
      const version = named.version('2.0.0');
      await restoreFile(registry, { ...inProject('gone'), id: Number(removed?.id), version });
      expect(await old.shown('gone')).toEqual(['2.0', 'gone-2.0-py3-none-any.whl', 'gone-2.0.tar.gz']);
      await removeFile(registry, { ...inProject('gone'), fileId: Number(removed?.id), version });
      old.clock.advance(30 * 24 * 3600_000);
      await purgeDue(registry);
      const { items: due } = await registry.table.query(indexes.removed);
      expect([due, await old.problems()]).toEqual([[], []]);
    });

    test('a publish that was about to join a version joins it where it has moved', async () => {
      runBeforeWrite(
        registry.table,
        (writes) => writes.some((write) => 'put' in write && write.put.sk.includes('cp39')),
        () => upgradeData(registry),
      );
      expect((await old.upload('1.0', { tag: 'cp39-none-any' })).status).toBe(201);
      expect(await old.listed('sample')).toEqual(['1.0', '1.2.3']);
      expect(await old.shown('sample')).toContain('sample-1.0-cp39-none-any.whl');
      expect([await old.former(), await old.problems()]).toEqual([[], []]);
    });

    test.each(['1.0', '1'])('a publish of %s during the upgrade loses no file', async (version) => {
      runBeforeWrite(registry.table, deletes('VERSION#1.0'), async () => {
        expect((await old.upload(version, { tag: 'cp39-none-any' })).status).toBe(201);
      });
      expect(await upgradeData(registry)).toBe(true);
      expect(await old.listed('sample')).toEqual(['1.0', '1.2.3']);
      expect((await old.shown('sample')).sort()).toEqual(
        [
          ...['1.0', '1.2.3', 'Sample-1.0.tar.gz', `sample-${version}-cp39-none-any.whl`],
          ...['sample-1.0-py3-none-any.whl', 'sample-1.2.3-py3-none-any.whl'],
        ].sort(),
      );
      expect([await old.former(), await old.problems()]).toEqual([[], []]);
    });

    test('a version that is removed during the upgrade stays removed', async () => {
      runBeforeWrite(registry.table, deletes('VERSION#1.0'), () =>
        removePackage(registry, inProject('sample')),
      );
      await upgradeData(registry);
      expect(await old.shown('sample')).toEqual([]);
      expect([await old.former(), await old.problems()]).toEqual([[], []]);
      expect(await restorePackage(registry, inProject('sample'))).toBe(2);
      expect(await old.listed('sample')).toEqual(['1.0', '1.2.3']);
    });

    test('a removal by id finds a version that has moved', async () => {
      runBeforeWrite(registry.table, deletes('VERSION#1.0'), () => upgradeData(registry));
      expect(await removePackage(registry, inProject('sample'))).toBe(2);
      expect(await old.listed('sample')).toEqual([]);
    });

    test('a version with more files than one transaction moves stays as it is until all are there', async () => {
      const files = wheelNames('many', '1.0', 60);
      await old.publishOld('many', '1.0', files);
      const expected = ['1.0', ...files].sort();
      const { table } = registry;
      const seen: unknown[] = [];
      const write: typeof table.write = async (writes) => {
        await table.write(writes);
        const { versions, files: shown } = await old.page('many');
        seen.push([...versions, ...shown.map(({ filename }) => filename)].sort());
        expect(await old.problems()).toEqual([]);
      };
      expect(await upgradeData({ ...registry, table: { ...table, write } })).toBe(true);
      expect(new Set(seen.map((each) => JSON.stringify(each)))).toEqual(new Set([JSON.stringify(expected)]));
      expect((await old.shown('many')).sort()).toEqual(expected);
      expect(await old.former()).toEqual([]);
    });
  });
}
