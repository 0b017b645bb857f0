import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { levels } from '../../services/domain/access.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { createUser, memberWrite } from '../../services/registry/accounts/create-user.ts';
import { indexes } from '../../services/registry/records/keys.ts';
import { type CountedTable, countReads } from '../kit/count-reads.ts';
import { storePackages } from '../kit/many-packages.ts';
import { personalToken, startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** How many packages the lists have. */
const PACKAGES = 2000;

/** Items that a page of 20 packages reads: 21 rows, 20 versions and 20 download counts, and who asks for what. */
const PAGE_READS = 70;

/** A package in a list of a group. */
interface Row {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly package_type: string;
  readonly project_id: number;
}

/** What pages of long lists show and read, on the stores `open` answers. */
export function describeLists(name: string, open: () => Promise<OpenedStores>): void {
  describe(`lists on ${name}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    let counted: CountedTable;
    let project: Project;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      counted = countReads(opened.stores.table ?? memoryTable());
      app = await startApp({ ...opened, stores: { ...opened.stores, table: counted.table } });
      project = await app.project('tools');
    });
    afterEach(() => close());

    async function read(path: string, token = app.rootToken) {
      counted.take();
      const answer = await app.send('GET', path.replace('http://registry.test', ''), { token });
      expect(answer.status).toBe(200);
      const next = /<([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
      const body = (await answer.json()) as { id: number; name: string; username: string }[];
      return { body, next, headers: answer.headers, items: counted.take() };
    }

    const numbered = (count: number, of: Project, prefix = 'pkg') =>
      Array.from({ length: count }, (_, number) => ({
        project: of,
        name: `${prefix}-${String(number).padStart(5, '0')}`,
      }));

    test('read only the requested page by position, in each order with an index', async () => {
      await storePackages(app.registry, [
        ...numbered(PACKAGES, project),
        ...numbered(30, project, 'Zeta').map((each) => ({ ...each, format: 'npm' })),
      ]);
      for (const order of ['created_at', 'name', 'type']) {
        for (const sort of ['asc', 'desc']) {
          const seen: string[] = [];
          let path: string | undefined =
            `/api/v4/projects/${project.id}/packages?pagination=keyset&per_page=20&order_by=${order}&sort=${sort}`;
          for (let page = 0; page < 3 && path; page++) {
            const { body, next, items } = await read(path);
            expect(body).toHaveLength(20);
            // Of each format, the first rows are read to find out which comes first.
            expect(items).toBeLessThanOrEqual(order === 'created_at' ? PAGE_READS : PAGE_READS + 42);
            seen.push(...body.map((each) => each.name));
            path = next;
          }
          expect(new Set(seen).size).toBe(60);
          if (order === 'name') {
            const lower = seen.map((each) => each.toLowerCase());
            expect(lower).toEqual(sort === 'asc' ? lower.toSorted() : lower.toSorted().reverse());
          }
        }
      }
      const { headers, body } = await read(`/api/v4/projects/${project.id}/packages?page=102&per_page=20`);
      expect(headers.get('x-total')).toBe(String(PACKAGES + 30));
      expect(body).toHaveLength(10);
      const named = await read(
        `/api/v4/projects/${project.id}/packages?package_name=pkg-01999&package_version=1.0`,
      );
      expect(named.body).toMatchObject([{ name: 'pkg-01999' }]);
    });

    test('of a group show what the caller may read behind many hidden packages', async () => {
      const hidden = await app.project('hidden');
      const open = await app.project('open', 'public');
      await storePackages(app.registry, numbered(1500, hidden));
      await storePackages(app.registry, numbered(3, open, 'seen'));
      const { token } = await app.user('stranger');
      for (const query of ['', '&pagination=keyset', '&order_by=name', '&order_by=version']) {
        const { body } = await read(`/api/v4/groups/acme/packages?per_page=20${query}`, token);
        expect(body.map((each) => each.name).sort()).toEqual(['seen-00000', 'seen-00001', 'seen-00002']);
      }
    });

    test('of a group with many projects read only the requested page', async () => {
      const projects: Project[] = [];
      for (let number = 0; number < 60; number++) projects.push(await app.project(`p${number}`));
      const last = await app.project('last', 'public');
      const [first] = projects;
      if (!first) throw new Error('no project');
      await storePackages(app.registry, numbered(600, first));
      await storePackages(app.registry, numbered(2, last, 'seen'));
      const path = '/api/v4/groups/acme/packages?pagination=keyset&per_page=20';
      const { body, items } = await read(path);
      expect(body).toHaveLength(20);
      expect(items).toBeLessThanOrEqual(PAGE_READS + 200);
      const { token } = await app.user('stranger');
      expect((await read(path, token)).body.map((each) => each.name)).toEqual(['seen-00000', 'seen-00001']);
      for (const query of ['&package_name=EEN', '&order_by=name', '&order_by=project_path']) {
        expect((await read(`${path}${query}`, token)).body).toHaveLength(2);
      }
    });

    test('of a group with many projects are read by name from where the page starts, and lack nothing', async () => {
      const projects: Project[] = [];
      for (let number = 0; number < 60; number++) projects.push(await app.project(`p${number}`));
      const inner = await app.subgroup('inner');
      const [first, second] = projects;
      const third = await app.project('third', 'public', inner);
      if (!first || !second) throw new Error('no project');
      const versions = (of: Project, name: string, format = 'generic') =>
        ['1.0', '1.1', '2.0'].map((version, index) => ({
          project: of,
          name,
          version,
          format,
          held: index > 0,
        }));
      for (const each of [
        ...[first, second, third].flatMap((of) => [...versions(of, 'same'), ...versions(of, 'same', 'npm')]),
        ...versions(second, 'Same'),
        ...versions(first, 'a#b'),
        ...versions(third, 'zeta', 'npm'),
      ]) {
        await storePackages(app.registry, [each]);
      }
      await storePackages(app.registry, numbered(45, first));
      const positionOf = (row: Row, order: string) => {
        const place = [row.name.replace('#', '%23'), String(row.project_id).padStart(3, '0')];
        return (order === 'type' ? [row.package_type, ...place] : [...place, row.package_type]).join('#');
      };
      for (const order of ['name', 'type']) {
        const lists: Record<string, Row[]> = {};
        for (const sort of ['asc', 'desc']) {
          const seen: Row[] = [];
          const query = `pagination=keyset&order_by=${order}&sort=${sort}`;
          const start = await read(`/api/v4/groups/acme/packages?${query}&per_page=20`);
          expect(start.items).toBeLessThan(PAGE_READS + 330);
          let path: string | undefined =
            `/api/v4/groups/acme/packages?${query}&per_page=20&package_version=1.0`;
          for (let pages = 0; path; pages++) {
            const { body, next } = await read(path);
            seen.push(...(body as unknown as Row[]));
            path = next;
            expect(pages).toBeLessThan(9);
          }
          expect(new Set(seen.map((each) => each.id)).size).toBe(seen.length);
          expect(seen).toHaveLength(45 + 9);
          lists[sort] = seen;
        }
        const { asc = [], desc = [] } = lists;
        expect(desc.toReversed()).toEqual(asc);
        const positions = asc.map((each) => positionOf(each, order));
        expect(positions).toEqual(positions.toSorted());
      }
      for (const sort of ['asc', 'desc']) {
        const seen: Row[] = [];
        let path: string | undefined =
          `/api/v4/groups/acme/packages?pagination=keyset&order_by=name&sort=${sort}&per_page=2`;
        if (sort === 'desc') path += '&package_type=npm';
        for (let pages = 0; path && pages < 15; pages++) {
          const { body, next } = await read(path);
          seen.push(...(body as unknown as Row[]));
          path = next;
        }
        const inProjects = seen.map((each) => `${each.name} ${each.project_id} ${each.version}`);
        expect(new Set(inProjects).size).toBe(inProjects.length);
        if (sort === 'desc') {
          expect(inProjects.slice(0, 4)).toEqual([
            `zeta ${third.id} 2.0`,
            `zeta ${third.id} 1.1`,
            `zeta ${third.id} 1.0`,
            `same ${third.id} 2.0`,
          ]);
          expect(inProjects).toHaveLength(12);
        } else
          expect(inProjects.slice(0, 7)).toEqual([
            ...['1.0', '1.1', '2.0'].map((version) => `Same ${second.id} ${version}`),
            ...['1.0', '1.1', '2.0'].map((version) => `a#b ${first.id} ${version}`),
            expect.stringContaining('pkg-00000'),
          ]);
      }
      const inInner = await read(
        '/api/v4/groups/acme%2Finner/packages?pagination=keyset&order_by=name&package_type=npm',
      );
      expect(inInner.body).toHaveLength(6);
    });

    test('of members, users, tokens, projects and groups read only the requested page', async () => {
      const owner = { kind: 'project', id: project.id } as const;
      for (let number = 0; number < 150; number++) {
        const username = `u${number}`;
        const user = await createUser(app.registry, {
          username,
          name: username,
          email: `${username}@example.com`,
        });
        const member = memberWrite(owner, user.id, levels.developer, null, app.registry.clock.now());
        await app.registry.table.write([member]);
      }
      const subgroup = await app.subgroup('many');
      for (let number = 0; number < 120; number++) {
        await app.project(`x${number}`, 'public', subgroup);
        await app.subgroup(`g${number}`, 'public', subgroup);
        const json = JSON.stringify({ name: 'd', scopes: ['read_package_registry'] });
        const headers = { 'content-type': 'application/json' };
        await app.send('POST', `/api/v4/projects/${project.id}/deploy_tokens`, {
          token: app.rootToken,
          headers,
          body: json,
        });
      }
      // An administrator who is a member of nothing: a caller's own memberships are read as a whole.
      const account = { username: 'auditor', name: 'Auditor', email: 'auditor@example.com', admin: true };
      const token = await personalToken(app.registry, await createUser(app.registry, account));
      for (const [path, few] of [
        [`projects/${project.id}/members?`, 40],
        [`projects/${project.id}/members/all?`, 40],
        ['users?order_by=id&', 20],
        ['deploy_tokens?', 300],
        [`projects/${project.id}/deploy_tokens?`, 40],
        ['projects?order_by=created_at&', 40],
        ['groups/acme%2Fmany/projects?', 40],
        ['groups/acme%2Fmany/projects?include_subgroups=true&', 200],
        ['groups/acme%2Fmany/subgroups?order_by=id&', 40],
        ['groups?order_by=id&', 40],
      ] as const) {
        const first = await read(`/api/v4/${path}pagination=keyset&per_page=5`, token);
        expect([path, first.body.length]).toEqual([path, 5]);
        expect([path, first.items <= few]).toEqual([path, true]);
        const second = await read(first.next ?? '', token);
        expect([path, second.items <= few]).toEqual([path, true]);
        expect(second.body.filter(({ id }) => first.body.some((each) => each.id === id))).toEqual([]);
      }
      // Private projects are seen by members only, so a caller with few memberships does not read the others.
      const stranger = await app.user('stranger', { level: levels.reporter, of: project });
      const own = await read('/api/v4/projects?visibility=private', stranger.token);
      expect(own.body.map(({ id }) => id)).toEqual([project.id]);
      expect(own.items).toBeLessThan(20);
      const member = await read(`/api/v4/projects/${project.id}/members/all/100`, token);
      expect(member.items).toBeLessThan(12);
    });

    test('of everything that a caller may see do not read what is private to others', async () => {
      const hidden = await app.subgroup('hidden', 'private');
      for (let number = 0; number < 60; number++) {
        await app.project(`private-${number}`, 'private', hidden);
        await app.subgroup(`below-${number}`, 'private', hidden);
      }
      const inner = await app.project('inner', 'internal');
      const open = await app.project('open', 'public');
      const { token } = await app.user('member', { level: levels.reporter, of: project });
      const idsIn = async (path: string, sender?: string) => {
        counted.take();
        const answer = await app.send('GET', `/api/v4/${path}`, sender ? { token: sender } : {});
        const ids = ((await answer.json()) as { id: number }[]).map(({ id }) => id);
        return { ids, items: counted.take() };
      };
      const byId = 'order_by=id&sort=asc&per_page=100';
      const own = await idsIn(`projects?${byId}`, token);
      expect(own.ids).toEqual([project.id, inner.id, open.id]);
      expect(own.items).toBeLessThan(30);
      expect((await idsIn(`projects?order_by=name&sort=desc`, token)).ids).toEqual([
        project.id,
        open.id,
        inner.id,
      ]);
      const anonymous = await idsIn(`projects?${byId}`);
      expect(anonymous.ids).toEqual([open.id]);
      expect(anonymous.items).toBeLessThan(10);
      const groups = await idsIn(`groups?all_available=true&${byId}`, token);
      expect(groups.ids).toEqual([app.group.id]);
      expect(groups.items).toBeLessThan(30);
      const first = await app.registry.table.query({
        ...indexes.children(hidden.id),
        prefix: 'project#',
        limit: 1,
      });
      const other = Number(first.items[0]?.id);
      const body = JSON.stringify({ visibility: 'public' });
      const headers = { 'content-type': 'application/json' };
      await app.send('PUT', `/api/v4/groups/${hidden.id}`, { token: app.rootToken, headers, body });
      await app.send('PUT', `/api/v4/projects/${other}`, { token: app.rootToken, headers, body });
      expect((await idsIn(`projects?${byId}`)).ids.sort()).toEqual([open.id, other].sort());
      expect((await idsIn(`groups?${byId}`)).ids).toEqual([app.group.id, hidden.id]);
      expect((await idsIn(`projects?${byId}`, app.rootToken)).ids).toHaveLength(63);
    });

    test('a package shows at most 1,000 of its other versions', async () => {
      const versions = numbered(1700, project).map(({ name: version }) => ({
        project,
        name: 'tool',
        version,
        held: true,
      }));
      await storePackages(app.registry, [{ project, name: 'tool', version: 'first' }]);
      const [stored] = (await read(`/api/v4/projects/${project.id}/packages`)).body;
      await storePackages(app.registry, versions);
      const shown = await read(`/api/v4/projects/${project.id}/packages/${stored?.id}`);
      expect(shown.body).toMatchObject({ versions: { length: 1000 } });
      expect(shown.items).toBeLessThan(1550);
    });
  });
}
