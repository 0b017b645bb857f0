import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Group, Project } from '../../services/domain/accounts.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { createProject } from '../../services/registry/accounts/create-project.ts';
import type { Registry } from '../../services/registry/context.ts';
import { readSchema, SCHEMA } from '../../services/registry/maintenance/upgrade/schema.ts';
import { upgradeData } from '../../services/registry/maintenance/upgrade/upgrade-data.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { createRegistry, type Stores } from '../../services/runtime/compose.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { fakeClock } from '../kit/fake-clock.ts';
import { named } from '../kit/names.ts';
import { publish, unpublish } from '../kit/publish.ts';

/** Giving owners to names that schema 2 stored without, on the stores `open` answers. */
export function describeOwnerUpgrades(
  name: string,
  open: () => Promise<{ readonly stores: Stores; close(): Promise<void> }>,
): void {
  describe(`owners of older names on ${name}`, () => {
    let registry: Registry;
    let close: () => Promise<void>;
    let clock: ReturnType<typeof fakeClock>;
    let first: Group;
    let second: Group;
    /** The older project, and one of another root namespace that was made later. */
    let older: Project;
    let newer: Project;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      clock = fakeClock();
      const stores = { ...opened.stores, clock, formats: async () => allFormats };
      registry = createRegistry(stores, { url: 'http://registry.test' });
      first = await groupOf('first');
      second = await groupOf('second');
      older = await projectOf(first);
      newer = await projectOf(second);
    });
    afterEach(() => close());

    const groupOf = (path: string) => createGroup(registry, { name: path, path, ownerId: 1 });
    const projectOf = (namespace: Group) =>
      createProject(registry, { namespace, name: 'tools', path: 'tools', creatorId: 1 });

    async function publishLater(project: Project, packageName: string): Promise<void> {
      clock.advance(1000);
      await publish(registry, project, packageName, `${project.id} ${packageName}`);
    }

    const ownerOf = async (packageName: string) =>
      (await registry.table.get(keys.nameOwner('generic', named.package(packageName))))?.rootId;
    const headOf = (project: Project, packageName: string) =>
      keys.head({ projectId: project.id, format: 'generic', name: named.package(packageName) });

    /** Takes from the records what schema 2 did not have. */
    async function makeOld(...names: readonly string[]): Promise<void> {
      for (const each of names) {
        await registry.table.write([
          { delete: keys.nameOwner('generic', named.package(each)) },
          { update: headOf(older, each), set: { heldSince: undefined } },
          { update: headOf(newer, each), set: { heldSince: undefined } },
        ]);
      }
      await registry.table.write([{ put: { ...keys.schema(), schema: 2 } }]);
    }

    test('a name belongs to whoever published it first, not to the older project', async () => {
      await publishLater(newer, 'lib');
      const since = clock.now();
      await publishLater(older, 'lib');
      await publishLater(older, 'tool');
      await makeOld('lib', 'tool');
      expect(await upgradeData(registry)).toBe(true);
      expect(await readSchema(registry)).toBe(SCHEMA);
      expect([await ownerOf('lib'), await ownerOf('tool')]).toEqual([second.id, first.id]);
      expect(await registry.table.get(headOf(newer, 'lib'))).toMatchObject({ heldSince: since });
      expect(await registry.table.get(headOf(older, 'lib'))).toMatchObject({ heldSince: since + 1000 });
    });

    test('names of which only removed versions are left have owners too', async () => {
      await publishLater(newer, 'lib');
      await unpublish(registry, newer, 'lib');
      await makeOld('lib');
      expect(await upgradeData(registry)).toBe(true);
      expect(await ownerOf('lib')).toBe(second.id);
    });

    test('an upgrade that is stopped after each write goes on where it was', async () => {
      const names = ['a', 'b', 'c'];
      for (const each of names) await publishLater(newer, each);
      for (const each of names) await publishLater(older, each);
      await makeOld(...names);
      let runs = 1;
      for (; !(await upgradeOnce()); runs++) expect(runs).toBeLessThan(20);
      expect(runs).toBeGreaterThan(3);
      expect(await Promise.all(names.map(ownerOf))).toEqual([second.id, second.id, second.id]);
    });

    /** Upgrades until the first write; returns whether nothing was left to do. */
    function upgradeOnce(): Promise<boolean> {
      const stopped = new AbortController();
      const { table } = registry;
      const stopping: Registry['table'] = {
        ...table,
        async write(writes) {
          await table.write(writes);
          stopped.abort();
        },
      };
      return upgradeData({ ...registry, table: stopping }, stopped.signal);
    }

    test('a publish before the upgrade takes no name that others hold', async () => {
      await publishLater(newer, 'lib');
      await makeOld('lib');
      await publishLater(older, 'lib');
      expect(await ownerOf('lib')).toBe(second.id);
    });
  });
}
