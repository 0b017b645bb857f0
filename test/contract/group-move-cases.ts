import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Group, Project } from '../../services/domain/accounts.ts';
import type { Actor, RegistryEvent } from '../../services/domain/events.ts';
import { cleanUp } from '../../services/jobs/clean-up.ts';
import { changeGroup } from '../../services/registry/accounts/change-group.ts';
import { locateGroup, locateProject } from '../../services/registry/accounts/find-accounts.ts';
import { MOVED_AT_ONCE } from '../../services/registry/accounts/move-below.ts';
import { settleBelow } from '../../services/registry/accounts/settle-below.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { diesAfter } from '../kit/racing-writes.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** A change of the path of a group with more in it than one transaction moves, on the stores `open` answers. */
export function describeGroupMoves(name: string, open: () => Promise<OpenedStores>): void {
  describe(`the new path of a large group on ${name}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    let team: Group;
    let inner: Group;
    let projects: Project[];
    const actor: Actor = { kind: 'user', id: 1, name: 'root' };
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp(opened);
      team = await app.subgroup('team');
      inner = await app.subgroup('inner', 'public', team);
      const namespaces = [...Array<Group>(MOVED_AT_ONCE + 1).fill(team), inner, inner];
      projects = await Promise.all(namespaces.map((of, number) => app.project(`p${number}`, 'public', of)));
    });
    afterEach(() => close());

    const api = (method: string, path: string, json?: object) =>
      app.send(method, `/api/v4${path}`, {
        token: app.rootToken,
        ...(json && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
      });

    /** The path of each project and group when the team has a path. */
    const pathsAt = (path: string) => [
      ...projects.map((project) => ({
        id: project.id,
        kind: 'project',
        path: `${path}/${project.namespaceId === inner.id ? 'inner/' : ''}${project.path}`,
      })),
      { id: inner.id, kind: 'group', path: `${path}/inner` },
      { id: team.id, kind: 'group', path },
    ];

    /** Whether each is found by its path below this one, as another process would, and whether that is a former path. */
    async function foundAt(path: string) {
      const table = { ...app.registry.table };
      const found = await Promise.all(
        pathsAt(path).map(async ({ id, kind, path: each }) => {
          const located = await (kind === 'project' ? locateProject(table, each) : locateGroup(table, each));
          expect([each, located?.entity.id ?? id]).toEqual([each, id]);
          return located === undefined ? 'missing' : located.moved ? 'moved' : 'present';
        }),
      );
      return new Set(found);
    }

    async function expectSettled(before: string, after: string) {
      expect([...(await foundAt(after))]).toEqual(['present']);
      expect([...(await foundAt(before))]).toEqual(['moved']);
      expect(await queryAll(app.registry.table, ranges.groupMoves())).toEqual([]);
      const made = await api('POST', '/projects', {
        path: `new-${after.length}-${before.length}`,
        namespace_id: inner.id,
      });
      expect(made.status).toBe(201);
      await api('DELETE', `/projects/${((await made.json()) as Project).id}`);
    }

    /** Changes the group in a process that is killed after so many writes. Returns whether it was. */
    async function killed(changes: Parameters<typeof changeGroup>[2], writes: number): Promise<boolean> {
      let died = false;
      const registry = diesAfter(app.registry, writes);
      const { write } = registry.table;
      registry.table.write = async (operations) => {
        await write(operations).catch((error) => {
          died = true;
          throw error;
        });
      };
      await changeGroup({ ...registry, log: { ...registry.log, error() {} } }, team, changes, actor);
      return died;
    }

    const event = { type: 'group_changed' } as RegistryEvent;

    test('takes everything along, and former paths lead there', async () => {
      const answer = await api('PUT', `/groups/${team.id}`, { path: 'crew', name: 'Crew' });
      expect([answer.status, ((await answer.json()) as { full_path: string }).full_path]).toEqual([
        200,
        'acme/crew',
      ]);
      await expectSettled('acme/team', 'acme/crew');
      const deep = await api('GET', '/projects/acme%2Fcrew%2Finner%2Fp31');
      expect(await deep.json()).toMatchObject({ name_with_namespace: 'Acme / Crew / inner / p31' });
      expect((await api('PUT', `/groups/${team.id}`, { path: 'team' })).status).toBe(200);
      await expectSettled('acme/crew', 'acme/team');
    });

    test('hides nothing while it is changed and after a kill at any write, and a job goes on', async () => {
      let path = 'acme/team';
      for (let writes = 1, died = true; died; writes++) {
        const next = `acme/team-${writes}`;
        died = await killed({ path: `team-${writes}` }, writes);
        expect(await foundAt(path)).not.toContain('missing');
        expect(await cleanUp(app.registry, writes % 2 === 0 ? event : undefined)).toBe('done');
        await expectSettled(path, next);
        path = next;
        expect(writes).toBeLessThan(20);
      }
      expect(path).not.toBe('acme/team-1');
    });

    test('lets nothing be created or renamed in the group until all have followed, and everything else change', async () => {
      await killed({ path: 'crew' }, 1);
      const [first] = projects;
      for (const [method, url, json] of [
        ['POST', '/projects', { path: 'p0', namespace_id: team.id }],
        ['POST', '/groups', { name: 'inner', path: 'inner', parent_id: team.id }],
        ['PUT', `/projects/${first?.id}`, { path: 'p1' }],
        ['PUT', `/groups/${inner.id}`, { path: 'p1' }],
        ['PUT', `/groups/${team.id}`, { path: 'gang' }],
      ] as const) {
        expect([method, url, (await api(method, url, json)).status]).toEqual([method, url, 409]);
      }
      expect((await api('PUT', `/projects/${first?.id}`, { description: 'x' })).status).toBe(200);
      expect((await api('PUT', `/groups/${team.id}`, { description: 'x', name: 'Crew' })).status).toBe(200);
      await cleanUp(app.registry, event);
      await expectSettled('acme/team', 'acme/crew');
    });

    test('is reached by everything when several jobs and a change of the parent meet', async () => {
      await killed({ path: 'crew' }, 2);
      expect((await api('PUT', '/groups/acme', { path: 'ajax' })).status).toBe(200);
      for (let runs = 0; !(await settled()); runs++) expect(runs).toBeLessThan(10);
      async function settled() {
        const runs = [1, 2, 3].map(() => cleanUp(app.registry, event));
        return (await Promise.all(runs)).includes('done') && (await settleBelow(app.registry, team.id));
      }
      await cleanUp(app.registry, event);
      expect([...(await foundAt('ajax/crew'))]).toEqual(['present']);
      expect(await foundAt('acme/crew')).not.toContain('present');
      expect([...(await foundAt('acme/team'))]).toEqual(['moved']);
      expect(await queryAll(app.registry.table, ranges.groupMoves())).toEqual([]);
      expect((await api('POST', '/projects', { path: 'late', namespace_id: inner.id })).status).toBe(201);
    });

    test('and a new name reach everything after a kill', async () => {
      await killed({ name: 'Crew' }, 1);
      await cleanUp(app.registry, undefined);
      const names = projects.map(({ id }) => api('GET', `/projects/${id}`));
      for (const answer of await Promise.all(names)) {
        expect(await answer.json()).toMatchObject({
          name_with_namespace: expect.stringMatching(/^Acme \/ Crew \//),
        });
      }
    });
  });
}
