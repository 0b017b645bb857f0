import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { managementApi } from '../../services/api/app.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { FormatRules } from '../../services/domain/format-rules.ts';
import { namedFile } from '../../services/formats/pypi/file-names.ts';
import type { App } from '../../services/http/call.ts';
import { createUser } from '../../services/registry/accounts/create-user.ts';
import { purgeProjects } from '../../services/registry/accounts/remove-project.ts';
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import type { Registry } from '../../services/registry/context.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { NewerSchema, readSchema, SCHEMA } from '../../services/registry/maintenance/upgrade/schema.ts';
import { upgradeData } from '../../services/registry/maintenance/upgrade/upgrade-data.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { entityOf } from '../../services/registry/records/entities.ts';
import { indexes, keys, ranges } from '../../services/registry/records/keys.ts';
import { createApp, createRegistry, type Stores } from '../../services/runtime/compose.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { fakeClock } from '../kit/fake-clock.ts';
import { named } from '../kit/names.ts';
import { differingAnswers, loadSample, readSample, type StoredSample } from '../kit/stored-sample.ts';

/** Upgrading records that the code of schema 1 wrote, on the stores that `open` returns. */
export function describeUpgrades(
  name: string,
  open: () => Promise<{ readonly stores: Stores; close(): Promise<void> }>,
): void {
  describe(`upgrading on ${name}`, () => {
    let sample: StoredSample;
    let registry: Registry;
    let app: App;
    let close: () => Promise<void>;
    beforeEach(async () => {
      sample = await readSample(1);
      const opened = await open();
      close = opened.close;
      const stores = { ...opened.stores, clock: fakeClock(), formats: async () => allFormats };
      registry = createRegistry(stores, { url: 'http://registry.test', proxyDownload: true });
      app = createApp(registry, { formats: allFormats, api: managementApi });
      await loadSample(registry, sample);
    });
    afterEach(() => close());

    const differences = () => differingAnswers(app, sample);

    async function fileKeys(): Promise<string[]> {
      const ref = { projectId: 1, format: 'pypi', name: named.package('sample-pkg') };
      const { items } = await registry.table.query(ranges.files(ref));
      return items.map(({ sk }) => sk);
    }

    test('requests get the recorded responses before the upgrade, halfway through it and after it', async () => {
      expect(await differences()).toEqual([]);
      expect(await readSchema(registry)).toBe(1);
      const stopped = new AbortController();
      const { table } = registry;
      const stopping = { ...table, write: stopAfterFirst(table.write.bind(table), stopped) };
      expect(await upgradeData({ ...registry, table: stopping }, stopped.signal)).toBe(false);
      expect(await differences()).toEqual([]);
      expect(await upgradeData(registry)).toBe(true);
      expect(await readSchema(registry)).toBe(SCHEMA);
      expect(await differences()).toEqual([]);
      expect((await checkStorage(registry, { verify: true, concurrency: 2 })).problems).toEqual([]);
    });

    function stopAfterFirst(write: Registry['table']['write'], stopped: AbortController) {
      return async (operations: Parameters<typeof write>[0]) => {
        await write(operations);
        stopped.abort();
      };
    }

    test('files are stored under their identity after the upgrade, and deleted projects can be purged', async () => {
      expect(await fileKeys()).toContain('FILE#1.0#Sample.Pkg-1.0-py3.py2-none-any.whl');
      await Promise.all([upgradeData(registry), upgradeData(registry)]);
      expect(await fileKeys()).toEqual([
        'FILE#1.0.0#sample_pkg-1.0.0-py2.py3-none-any.whl',
        'FILE#1.0.0#sample_pkg-1.0.0-py2.py3-none-any.whl.metadata',
      ]);
      const removed = await registry.table.get(keys.removedProject(3));
      expect(removed).toMatchObject({ fullPath: 'acme/gone', removedBy: { name: 'root' } });
      await purgeProjects(registry);
      const { items } = await registry.table.query({ pk: 'PACKAGE#3#generic#lost', prefix: 'FILE#' });
      expect(items).toEqual([]);
    });

    test('names are found by their words before the upgrade and after it', async () => {
      async function found(): Promise<string[]> {
        const path = '/api/v4/packages/npm/-/v1/search?text=widget&size=100';
        const headers = { 'private-token': sample.tokens.root ?? '' };
        const answer = await app(new Request(`http://registry.test${path}`, { headers }), {});
        const { objects } = (await answer.json()) as { objects: { package: { name: string } }[] };
        return objects.map((each) => each.package.name);
      }
      const before = await found();
      expect(before.length).toBeGreaterThan(0);
      await upgradeData(registry);
      expect(await found()).toEqual(before);
      const { items } = await registry.table.query(ranges.formerWords('instance', ''));
      expect(items).toEqual([]);
    });

    test('versions are listed by name before the upgrade and after it', async () => {
      async function names(): Promise<string[]> {
        const path = '/api/v4/projects/1/packages?order_by=name&pagination=keyset&per_page=100';
        const headers = { 'private-token': sample.tokens.root ?? '' };
        const answer = await app(new Request(`http://registry.test${path}`, { headers }), {});
        return ((await answer.json()) as { name: string }[]).map(({ name }) => name);
      }
      const before = await names();
      expect(before.length).toBeGreaterThan(3);
      expect(before).toEqual(before.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
      await upgradeData(registry);
      expect(await names()).toEqual(before);
      const { items } = await registry.table.query(indexes.formerPackagesByName(1));
      expect(items).toEqual([]);
    });

    test('projects and groups are listed before the upgrade, halfway through it and after it', async () => {
      async function listed(): Promise<unknown[]> {
        const found: unknown[] = [];
        for (const who of ['root', undefined]) {
          const headers = { 'private-token': who === undefined ? '' : (sample.tokens[who] ?? '') };
          for (const path of ['projects?order_by=id', 'groups?order_by=id']) {
            const url = `http://registry.test/api/v4/${path}&per_page=100`;
            const answer = await app(new Request(url, { headers }), {});
            found.push([who, path, ((await answer.json()) as { id: number }[]).map(({ id }) => id)]);
          }
        }
        return found;
      }
      const before = await listed();
      expect(JSON.stringify(before)).not.toContain('[]');
      const { items } = await registry.table.query(indexes.formerProjects);
      await registry.table.update(keys.project(Number(items[0]?.id)), {
        set: { index1pk: indexes.projects(items[0]?.visibility as Project['visibility']).pk },
      });
      expect(await listed()).toEqual(before);
      await upgradeData(registry);
      expect(await listed()).toEqual(before);
      for (const former of [indexes.formerProjects, indexes.formerGroups]) {
        expect((await registry.table.query(former)).items).toEqual([]);
      }
    });

    test('user names of deploy tokens stay taken before the upgrade and after it', async () => {
      const { items } = await registry.table.query(indexes.tokens);
      const stored = items.find(({ kind }) => String(kind).endsWith('-deploy'));
      if (!stored) throw new Error('the sample has no deploy token');
      await registry.table.update({ pk: stored.pk, sk: stored.sk }, { set: { username: 'Old-Name' } });
      const create = (username: string) =>
        createUser(registry, { username, name: 'New', email: `${username}@example.com` });
      await expect(create('old-name')).rejects.toMatchObject({ code: 'invalidRequest' });
      await upgradeData(registry);
      await registry.table.update({ pk: stored.pk, sk: stored.sk }, { set: { username: 'newer-name' } });
      await expect(create('OLD-name')).rejects.toMatchObject({ code: 'invalidRequest' });
      await create('other-name');
    });

    const oldName = 'Sample.Pkg-1.0-py3.py2-none-any.whl';

    /** Uploads other bytes for the file of the sample, using the current code. */
    async function uploadAgain(rules: Partial<FormatRules> = {}): Promise<unknown> {
      const [project] = await registry.table.getMany([keys.project(1)]);
      const format = allFormats.find(({ id }) => id === 'pypi');
      if (!project || !format) throw new Error('no project or format');
      const blob = await stageBytes(registry, Buffer.from('other bytes'));
      const fileName = named.file(oldName);
      const file = { ...namedFile(fileName), contentType: 'a/b', blob };
      return addFiles<unknown>(registry, {
        project: entityOf<Project>(project),
        actor: { kind: 'user', id: 1, name: 'root' },
        format: { ...format, ...rules },
        name: named.package('sample-pkg'),
        version: named.version('1.0.0'),
        spelledVersion: named.version('1.0'),
        metadata: {},
        files: [file],
      });
    }

    test('publishing a file again is refused as a duplicate before and after the file is upgraded', async () => {
      await expect(uploadAgain()).rejects.toMatchObject({ code: 'duplicateFile' });
      expect(await upgradeData(registry)).toBe(true);
      await expect(uploadAgain()).rejects.toMatchObject({ code: 'duplicateFile' });
    });

    test('a file becomes an older copy if its new key is taken during the upgrade', async () => {
      const { table } = registry;
      let taken = false;
      const write: typeof table.write = async (writes) => {
        if (!taken && writes.some((each) => 'delete' in each && each.delete.sk === `FILE#1.0#${oldName}`)) {
          taken = true;
          await uploadAgain({ duplicates: 'by-setting', duplicatesAllowed: true });
        }
        await table.write(writes);
      };
      expect(await upgradeData({ ...registry, table: { ...table, write } })).toBe(true);
      expect(await fileKeys()).toEqual([
        'FILE#1.0.0#sample_pkg-1.0.0-py2.py3-none-any.whl',
        'FILE#1.0.0#sample_pkg-1.0.0-py2.py3-none-any.whl#0000000000000015',
        'FILE#1.0.0#sample_pkg-1.0.0-py2.py3-none-any.whl.metadata',
      ]);
      expect((await checkStorage(registry, { verify: true, concurrency: 2 })).problems).toEqual([]);
    });

    test('a deleted project is purged only after it was upgraded', async () => {
      await purgeProjects(registry);
      expect(await registry.table.get(keys.removedProject(3))).not.toHaveProperty('purging');
      await upgradeData(registry);
      await purgeProjects(registry);
      expect(await registry.table.get(keys.removedProject(3))).toHaveProperty('purging', true);
    });

    test('packages without a stored default tag get it, as indexes have shown it', async () => {
      const [project] = await registry.table.getMany([keys.project(1)]);
      const { defaultTag, ...format } = allFormats.find(({ id }) => id === 'npm') ?? {};
      if (!project || !defaultTag) throw new Error('no project or default tag');
      const name = named.package('untagged');
      for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1']) {
        await publishVersion<unknown>(registry, {
          project: entityOf<Project>(project),
          actor: { kind: 'user', id: 1, name: 'root' },
          format: format as FormatRules,
          name,
          version: named.version(version),
          metadata: {},
          files: [],
        });
      }
      const tag = keys.tag({ projectId: 1, format: 'npm', name }, defaultTag.tag);
      expect(await registry.table.get(tag)).toBeUndefined();
      await Promise.all([upgradeData(registry), upgradeData(registry)]);
      expect(await registry.table.get(tag)).toMatchObject({ tag: 'latest', version: '1.1.0' });
    });

    test('records of a newer schema are rejected and left unchanged', async () => {
      await registry.table.write([{ put: { ...keys.schema(), schema: SCHEMA + 1 } }]);
      await expect(upgradeData(registry)).rejects.toBeInstanceOf(NewerSchema);
      await expect(readSchema(registry)).rejects.toThrow(`schema ${SCHEMA + 1}`);
      expect(await registry.table.get(keys.schema())).toMatchObject({ schema: SCHEMA + 1 });
    });
  });

  test(`an empty registry on ${name} starts with the current schema`, async () => {
    const { stores, close } = await open();
    const registry = createRegistry(stores, { url: 'http://registry.test' });
    expect(await Promise.all([readSchema(registry), readSchema(registry)])).toEqual([SCHEMA, SCHEMA]);
    await close();
  });
}
