import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RegistryEvent } from '../../services/domain/events.ts';
import { indexName } from '../../services/jobs/index-name.ts';
import type { Table } from '../../services/ports/table.ts';
import { EVENT_SHARDS, eventOf } from '../../services/registry/events/record-event.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { queryAll } from '../../services/registry/records/query-all.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { openEmbeddedStores, openMemoryStores } from './open-stores.ts';
import type { OpenedStores } from './publish-cases.ts';

describe.each([
  ['memory', openMemoryStores],
  ['embedded', openEmbeddedStores],
])('search words on %s stores', (_name, open) => {
  let app: TestApp;
  let opened: OpenedStores;
  let project: Awaited<ReturnType<TestApp['project']>>;
  beforeEach(async () => {
    opened = await open();
    app = await startApp(opened);
    project = await app.project('tools', 'public');
  });
  afterEach(() => opened.close());

  const path = (name: string, version: string) =>
    `/api/v4/projects/${project.id}/packages/generic/${name}/${version}/a.txt`;

  async function publish(name: string, version = '1.0'): Promise<number> {
    const answer = await app.send('PUT', path(name, version), { token: app.rootToken, body: 'x' });
    return answer.status;
  }

  /** Deletes every version of a package as the API does. */
  async function remove(name: string): Promise<void> {
    const list = `/api/v4/projects/${project.id}/packages`;
    const found = await app.send('GET', `${list}?package_name=${name}`, { token: app.rootToken });
    for (const { id } of (await found.json()) as { id: number }[]) {
      await app.send('DELETE', `${list}/${id}`, { token: app.rootToken });
    }
  }

  /** The events of the outbox about listed names, in the order of time. */
  async function nameEvents(): Promise<RegistryEvent[]> {
    const shards = Array.from({ length: EVENT_SHARDS }, (_, shard) => ranges.events(shard));
    const items = await Promise.all(shards.map((range) => queryAll(app.registry.table, range)));
    const events = items.flat().map(eventOf);
    return events
      .filter(({ type }) => type === 'name_added' || type === 'name_removed')
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  const owners = () =>
    [{ kind: 'project', id: project.id }, { kind: 'group', id: app.group.id }, 'instance'] as const;

  /** The words of all names; checks that the three name indexes hold the same. */
  async function words(): Promise<string[]> {
    const found = await Promise.all(
      owners().map(async (owner) => {
        const items = await queryAll(app.registry.table, ranges.words(owner, 'generic', ''));
        return items.map(({ sk }) => sk.split('#')[0] ?? '').sort();
      }),
    );
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
    return found[0] ?? [];
  }

  async function names(): Promise<string[]> {
    const items = await queryAll(app.registry.table, ranges.namesIn('instance', 'generic'));
    return items.map(({ name }) => String(name));
  }

  test('are the beginnings of long ones, each once', async () => {
    const name = `${'a'.repeat(210)}-b`;
    await publish(name);
    await app.runJobs();
    expect(await words()).toEqual(['a'.repeat(200), 'b']);
    await remove(name);
    await app.runJobs();
    expect(await words()).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  test('are added after the publish that lists a name, and removed after the deletion that unlists it', async () => {
    await publish('left-pad');
    await publish('left-pad', '2.0');
    expect(await names()).toEqual(['left-pad']);
    expect(await words()).toEqual([]);
    expect((await nameEvents()).map(({ type }) => type)).toEqual(['name_added']);
    await app.runJobs();
    expect(await words()).toEqual(['left', 'pad']);
    await remove('left-pad');
    expect(await names()).toEqual([]);
    await app.runJobs();
    expect(await words()).toEqual([]);
  });

  test('cover at most ten words of a name', async () => {
    await publish('a-b-c-d-e-f-g-h-i-j-k-l');
    await app.runJobs();
    expect(await words()).toHaveLength(10);
  });

  test('depend on the name, not on the order or number of events', async () => {
    await publish('tool');
    await remove('tool');
    await publish('tool');
    await remove('tool');
    const events = await nameEvents();
    expect(events).toHaveLength(4);
    // Some of these events say that the name is listed, which it no longer is.
    for (const event of [...events, ...events.toReversed(), ...events]) {
      await indexName(app.registry, event);
      expect(await words()).toEqual([]);
    }
    await publish('tool');
    for (const event of [...events.toReversed(), ...events]) {
      await indexName(app.registry, event);
      expect(await words()).toEqual(['tool']);
    }
  });

  test.each(['removed', 'published'])(
    'are correct when the name is %s between the read and the write',
    async (change) => {
      await publish('tool');
      if (change === 'published') await remove('tool');
      const event = (await nameEvents()).at(-1);
      await app.runJobs();
      let reads = 0;
      const table: Table = {
        ...app.registry.table,
        async getMany(keys) {
          const items = await app.registry.table.getMany(keys);
          if (reads++ === 0) {
            await (change === 'removed' ? remove('tool') : publish('tool'));
            await app.runJobs();
          }
          return items;
        },
      };
      await indexName({ ...app.registry, table }, event);
      expect(reads).toBe(2);
      expect(await words()).toEqual(change === 'removed' ? [] : ['tool']);
    },
  );

  test('are correct in the end after concurrent publishes, deletions and runs of the job', async () => {
    for (let round = 0; round < 8; round++) {
      await Promise.all(
        ['one', 'two', 'three'].flatMap((name) => [
          publish(name),
          remove(name),
          publish(name, '2.0'),
          remove(name),
          nameEvents().then((events) => Promise.all(events.map((each) => indexName(app.registry, each)))),
        ]),
      );
    }
    const late = await nameEvents();
    await app.runJobs();
    expect(await words()).toEqual((await names()).sort());
    await Promise.all(late.map((each) => indexName(app.registry, each)));
    expect(await words()).toEqual((await names()).sort());
  });
});
