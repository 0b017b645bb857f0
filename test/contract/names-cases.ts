import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AccessToken, Principal, Project } from '../../services/domain/accounts.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { publishVersion } from '../../services/registry/packages/publish-version.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { removePackage, restorePackage } from '../../services/registry/removal/remove-package.ts';
import { findAliased } from '../../services/registry/search/find-aliased.ts';
import { named } from '../kit/names.ts';
import { keeping, publish } from '../kit/publish.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;
const tool = { name: named.package('tool'), version: named.version('1') };

/** The owners of names with real races, on the stores `open` answers. */
export function describeNames(title: string, open: () => Promise<OpenedStores>): void {
  describe(`owners of names on ${title}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    /** Projects of different root namespaces. */
    let projects: readonly [Project, Project];
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp({ ...opened, settings: { retention: 60_000 } });
      const ownerId = app.root.id;
      const other = await createGroup(app.registry, { name: 'Other', path: 'other', ownerId });
      projects = [await app.project('tools'), await app.project('tools', 'private', other)];
    });
    afterEach(() => close());

    const ownerOf = async (name: string) =>
      (await app.registry.table.get(keys.nameOwner('generic', named.package(name))))?.rootId;
    const rootsOf = () => projects.map(({ namespaceId }) => namespaceId);

    async function input(project: Project, name: string, files: number) {
      const staged = Array.from({ length: files }, async (_, n) => ({
        fileName: named.file(`${n}.bin`),
        contentType: 'text/plain',
        blob: await stageBytes(app.registry, Buffer.from(`${project.id} ${name} ${n}`)),
      }));
      const names = { name: named.package(name), version: named.version('1') };
      const facts = { project, actor, format: keeping, ...names, metadata: {} };
      return { ...facts, files: await Promise.all(staged) };
    }

    const verbs = [
      [
        'a version',
        async (to: Project, name: string) => publishVersion(app.registry, await input(to, name, 1)),
      ],
      ['a file', async (to: Project, name: string) => addFiles(app.registry, await input(to, name, 1))],
      ['many files', async (to: Project, name: string) => addFiles(app.registry, await input(to, name, 21))],
    ] as const;

    test.each(verbs)('exactly one of two first publishes of %s that race owns the name', async (_, run) => {
      for (let round = 0; round < 5; round++) {
        const name = `tool-${round}`;
        await Promise.all(projects.map((project) => run(project, name)));
        expect(rootsOf()).toContain(await ownerOf(name));
        const heads = projects.map(({ id }) =>
          keys.head({ projectId: id, format: 'generic', name: named.package(name) }),
        );
        const versions = (await app.registry.table.getMany(heads)).map((head) => head?.versionCount);
        expect(versions).toEqual([1, 1]);
      }
    });

    test('a name keeps its owner when it is deleted, published elsewhere and restored', async () => {
      const [first, second] = projects;
      await publish(app.registry, first, 'tool', 'one');
      const [root] = rootsOf();
      const version = { project: first, actor, format: 'generic', ...tool };
      await removePackage(app.registry, version);
      expect(await ownerOf('tool')).toBe(root);
      await publish(app.registry, second, 'tool', 'two');
      expect(await ownerOf('tool')).toBe(root);
      expect(await restorePackage(app.registry, version)).toBe(1);
      expect(await ownerOf('tool')).toBe(root);
    });

    test('a name that was removed before names had owners gets one when it is restored', async () => {
      const [first] = projects;
      await publish(app.registry, first, 'tool', 'one');
      const version = { project: first, actor, format: 'generic', ...tool };
      await removePackage(app.registry, version);
      await app.registry.table.write([{ delete: keys.nameOwner('generic', tool.name) }]);
      await restorePackage(app.registry, version);
      expect(await ownerOf('tool')).toBe(first.namespaceId);
    });

    test('files are found by their alias at instance level in packages that are served there', async () => {
      const ids: (number | undefined)[] = [];
      for (const project of projects) {
        const { files, ...rest } = await input(project, 'tool', 1);
        const aliased = files.map((file) => ({ ...file, alias: 'symbols' }));
        ids.push((await addFiles(app.registry, { ...rest, files: aliased })).files[0]?.id);
      }
      const token = { scopes: ['api'] } as unknown as AccessToken;
      const root: Principal = { kind: 'user', user: app.root, token };
      const query = { format: keeping, alias: 'symbols', within: 'instance', principal: root } as const;
      await vi.waitFor(async () => {
        const found: number[] = [];
        for await (const { file } of findAliased(app.registry, query)) found.push(file.id);
        expect(found).toEqual(ids.slice(0, 1));
      });
    });

    test('a publish writes the owner of a name once', async () => {
      const [first, second] = projects;
      const { table } = app.registry;
      let writes = 0;
      const counting: typeof table = {
        ...table,
        write(operations) {
          writes += operations.filter((each) => 'put' in each && each.put.sk === '#OWNER').length;
          return table.write(operations);
        },
      };
      const registry = { ...app.registry, table: counting };
      await publish(registry, first, 'tool', 'one');
      expect(writes).toBe(1);
      for (const project of [first, second]) {
        await addFiles(registry, { ...(await input(project, 'tool', 1)), version: named.version('2') });
      }
      expect(writes).toBe(1);
    });
  });
}
