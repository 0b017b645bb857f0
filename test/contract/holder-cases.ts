import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { levels } from '../../services/domain/access.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { generic } from '../../services/formats/generic/format.ts';
import { findPackage } from '../../services/registry/access/find-package.ts';
import { ownUnlessOwned } from '../../services/registry/names/settle-owner.ts';
import { type CountedTable, countReads } from '../kit/count-reads.ts';
import { storePackages } from '../kit/many-packages.ts';
import { named } from '../kit/names.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** How many projects hold the name. */
const PROJECTS = 200;

/** Names that very many projects hold, on the stores `open` answers. */
export function describeHolders(name: string, open: () => Promise<OpenedStores>): void {
  describe(`a name in ${PROJECTS} projects on ${name}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    let counted: CountedTable;
    let projects: Project[];
    let last: Project;
    let token: string;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      counted = countReads(opened.stores.table ?? memoryTable());
      app = await startApp({ ...opened, stores: { ...opened.stores, table: counted.table } });
      projects = await Promise.all(Array.from({ length: PROJECTS - 1 }, (_, n) => app.project(`p${n}`)));
      last = await app.project('last', 'private', await app.subgroup('deep', 'private'));
      await storePackages(
        app.registry,
        [...projects, last].map((project, n) => ({ project, name: 'tool', version: `1.${n}` })),
      );
      await ownUnlessOwned(app.registry, {
        format: 'generic',
        name: named.package('tool'),
        rootId: app.group.id,
      });
      ({ token } = await app.user('dev', { level: levels.developer, of: last }));
    });
    afterEach(() => close());

    async function find(owner: string | undefined, version: string | undefined, secret = token) {
      counted.take();
      const found = await findPackage(app.registry, {
        credential: { secret },
        endpoint: owner === undefined ? { level: 'instance', owner: '' } : { level: 'group', owner },
        format: generic,
        name: () => named.package('tool'),
        ...(version !== undefined && { select: () => ({ version: named.version(version) }) }),
      });
      const { holdings, copy } = found;
      return {
        projects: holdings.map(({ project }) => project.id),
        copy: copy?.version.version,
        items: counted.take(),
      };
    }

    test('is found by a caller who may read only the last of them', async () => {
      for (const owner of ['acme', 'acme/deep', undefined]) {
        expect((await find(owner, undefined)).projects).toEqual([last.id]);
        expect(await find(owner, `1.${PROJECTS - 1}`)).toMatchObject({ copy: `1.${PROJECTS - 1}` });
      }
    });

    test('is read from all of them', async () => {
      const { projects: found } = await find('acme', undefined, app.rootToken);
      expect(found).toHaveLength(PROJECTS);
    });

    test('is read from the project that holds a version, whichever that is', async () => {
      for (const owner of ['acme', undefined]) {
        for (const n of [0, 120, PROJECTS - 1]) {
          const { copy, items } = await find(owner, `1.${n}`, app.rootToken);
          expect(copy).toBe(`1.${n}`);
          expect(items).toBeLessThan(80);
        }
      }
    });

    test('is read in a subgroup without its neighbours', async () => {
      const { projects: found, items } = await find('acme/deep', undefined, app.rootToken);
      expect(found).toEqual([last.id]);
      expect(items).toBeLessThan(20);
    });
  });
}
