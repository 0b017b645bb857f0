import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Group, Project } from '../../services/domain/accounts.ts';
import type { Actor, RegistryEvent } from '../../services/domain/events.ts';
import { cleanUp } from '../../services/jobs/clean-up.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { createProject } from '../../services/registry/accounts/create-project.ts';
import {
  continueGroupRemoval,
  deleteGroupTree,
  startGroupRemoval,
} from '../../services/registry/accounts/delete-group.ts';
import { findGroup, findProject } from '../../services/registry/accounts/find-accounts.ts';
import { keys, ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { runBeforeWrite } from '../kit/racing-writes.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** How many projects are in the group and in its subgroup. */
const [IN_GROUP, BELOW] = [22, 2];

/** The deletion of a group with what is in it, on the stores `open` answers. */
export function describeGroupDeletion(name: string, open: () => Promise<OpenedStores>): void {
  describe(`the deletion of a group with ${IN_GROUP + BELOW} projects on ${name}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    let group: Group;
    let below: Group;
    let projects: Project[];
    let actor: Actor;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp(opened);
      actor = { kind: 'user', id: app.root.id, name: 'root' };
      group = await createGroup(app.registry, { name: 'Big', path: 'big', visibility: 'public', ownerId: 1 });
      below = await app.subgroup('below', 'public', group);
      const namespaces = [...Array<Group>(IN_GROUP).fill(group), ...Array<Group>(BELOW).fill(below)];
      projects = await Promise.all(namespaces.map((of, number) => app.project(`p${number}`, 'public', of)));
    });
    afterEach(() => close());

    const api = (method: string, path: string, json?: object) =>
      app.send(method, `/api/v4${path}`, {
        token: app.rootToken,
        ...(json && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
      });
    const pathsIn = async (path: string) =>
      ((await (await api('GET', path)).json()) as { full_path: string }[]).map((each) => each.full_path);
    const left = async () => {
      const items = await app.registry.table.getMany(
        [...projects, group, below].map(({ id }, index) =>
          index < projects.length ? keys.project(id) : keys.group(id),
        ),
      );
      const removals = await queryAll(app.registry.table, ranges.groupRemovals());
      return items.filter(Boolean).length + removals.length;
    };

    test('is answered with 202, and leaves nothing', async () => {
      const answer = await api('DELETE', '/groups/big?permanently_remove=true&full_path=big');
      expect(answer.status).toBe(202);
      for (const path of ['/groups/big', '/groups/big%2Fbelow', `/projects/${projects.at(-1)?.id}`]) {
        expect([path, (await api('GET', path)).status]).toEqual([path, 404]);
      }
      expect(await left()).toBe(0);
      expect((await api('POST', '/groups', { name: 'Big', path: 'big' })).status).toBe(201);
    });

    test('takes the group away first, everywhere, and lets nothing be created in it', async () => {
      const before = await findGroup(app.registry.table, 'big');
      await startGroupRemoval(app.registry, group, actor);
      for (const path of ['/groups/big', `/groups/${group.id}`, '/namespaces/big', '/groups/big/packages']) {
        expect([path, (await api('GET', path)).status]).toEqual([path, 404]);
      }
      for (const path of ['/groups', '/groups?owned=true', '/namespaces']) {
        expect([path, await pathsIn(path)]).toEqual([path, expect.not.arrayContaining(['big'])]);
      }
      expect((await api('PUT', `/groups/${group.id}`, { name: 'x' })).status).toBe(404);
      expect((await api('DELETE', '/groups/big?permanently_remove=true&full_path=big')).status).toBe(404);
      const input = { namespace: before ?? group, name: 'x', path: 'x', creatorId: 1 };
      await expect(createProject(app.registry, input)).rejects.toMatchObject({ code: 'conflict' });
      expect((await api('POST', '/groups', { name: 'Big', path: 'big' })).status).toBe(400);
      await app.runJobs();
      expect(await left()).toBe(0);
    });

    test('removes many projects in a transaction', async () => {
      let writes = 0;
      const write: typeof app.registry.table.write = (operations) => {
        writes++;
        return app.registry.table.write(operations);
      };
      const registry = { ...app.registry, table: { ...app.registry.table, write } };
      await deleteGroupTree(registry, group, actor);
      // To begin, two for the group's projects, one for those below, and one for each group with one for its members.
      expect(writes).toBeLessThan(10);
      expect(await left()).toBe(0);
    });

    test('goes on in another run of the job until nothing is left', async () => {
      await startGroupRemoval(app.registry, group, actor);
      const event = {
        type: 'group_removal_started',
        owner: { kind: 'group', id: group.id },
      } as RegistryEvent;
      let runs = 0;
      for (let outcome = 'unfinished'; outcome === 'unfinished'; runs++) {
        expect(runs).toBeLessThan(20);
        const stop = new AbortController();
        const write: typeof app.registry.table.write = async (operations) => {
          await app.registry.table.write(operations);
          stop.abort();
        };
        const table = { ...app.registry.table, write };
        outcome = await cleanUp({ ...app.registry, table }, event, stop.signal);
      }
      expect(runs).toBeGreaterThan(3);
      expect(await left()).toBe(0);
    });

    test('goes on in several runs at once, and in the sweep if its event was lost', async () => {
      await startGroupRemoval(app.registry, group, actor);
      await Promise.all([1, 2, 3].map(() => continueGroupRemoval(app.registry, group.id)));
      await cleanUp(app.registry, undefined);
      expect(await left()).toBe(0);
    });

    test('includes a project that is renamed, and one that is created below, in the meantime', async () => {
      const [first] = projects;
      const removes = (writes: readonly object[]) => writes.length > 20;
      runBeforeWrite(app.registry.table, removes, async () => {
        await api('PUT', `/projects/${first?.id}`, { path: 'renamed' });
        await app.project('late', 'public', below);
      });
      await deleteGroupTree(app.registry, group, actor);
      await app.runJobs();
      expect(await left()).toBe(0);
      for (const path of ['big/renamed', 'big/p0', 'big/below/late']) {
        expect([path, await findProject(app.registry.table, path)]).toEqual([path, undefined]);
      }
    });
  });
}
