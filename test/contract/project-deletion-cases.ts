import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { RegistryEvent } from '../../services/domain/events.ts';
import { cleanUp } from '../../services/jobs/clean-up.ts';
import { EVENT_SHARDS, eventOf } from '../../services/registry/events/record-event.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { type CountedTable, countReads } from '../kit/count-reads.ts';
import { storePackages } from '../kit/many-packages.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** The deletion of a project with many packages, on the stores `open` answers. */
export function describeProjectDeletion(name: string, open: () => Promise<OpenedStores>): void {
  describe(`the deletion of a project with 120 packages on ${name}`, () => {
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
      await storePackages(
        app.registry,
        Array.from({ length: 120 }, (_, n) => ({ project, name: `tool-${n}` })),
      );
    });
    afterEach(() => close());

    const left = async () => (await queryAll(app.registry.table, ranges.packageIds(project.id))).length;
    const names = async () =>
      (await queryAll(app.registry.table, ranges.namesIn('instance', 'generic'))).length;

    async function deletion(): Promise<RegistryEvent | undefined> {
      const shards = Array.from({ length: EVENT_SHARDS }, (_, shard) => ranges.events(shard));
      const items = await Promise.all(shards.map((range) => queryAll(app.registry.table, range)));
      return items
        .flat()
        .map(eventOf)
        .find(({ type }) => type === 'project_deleted');
    }

    test('is answered at once, and leaves the packages to a job', async () => {
      counted.take();
      const answer = await app.send('DELETE', `/api/v4/projects/${project.id}`, { token: app.rootToken });
      expect(answer.status).toBe(202);
      expect(counted.take()).toBeLessThan(20);
      expect(await left()).toBe(120);
      const path = `/api/v4/projects/${project.id}`;
      expect((await app.send('GET', path, { token: app.rootToken })).status).toBe(404);
      await app.runJobs();
      expect([await left(), await names()]).toEqual([0, 0]);
    });

    test('goes on in another run of the job until nothing is left', async () => {
      await app.send('DELETE', `/api/v4/projects/${project.id}`, { token: app.rootToken });
      const event = await deletion();
      let runs = 0;
      for (let outcome = 'unfinished'; outcome === 'unfinished'; runs++) {
        expect(runs).toBeLessThan(100);
        const stop = new AbortController();
        let writes = 0;
        const write: typeof app.registry.table.write = async (operations) => {
          await app.registry.table.write(operations);
          if (++writes === 100) stop.abort();
        };
        const table = { ...app.registry.table, write };
        outcome = await cleanUp({ ...app.registry, table }, event, stop.signal);
      }
      expect(runs).toBeGreaterThan(1);
      expect([await left(), await names()]).toEqual([0, 0]);
    });

    test('goes on when other runs purge the same packages', async () => {
      await app.send('DELETE', `/api/v4/projects/${project.id}`, { token: app.rootToken });
      const event = await deletion();
      const outcomes = await Promise.all([1, 2].map(() => cleanUp(app.registry, event)));
      if (!outcomes.includes('done')) expect(await cleanUp(app.registry, event)).toBe('done');
      expect([await left(), await names()]).toEqual([0, 0]);
    });
  });
}
