import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../services/domain/accounts.ts';
import type { RegistryEvent } from '../../../services/domain/events.ts';
import { buildIndexes } from '../../../services/jobs/build-indexes.ts';
import { EVENT_SHARDS, eventOf } from '../../../services/registry/events/record-event.ts';
import { readState } from '../../../services/registry/indexes/build-index.ts';
import { LEASE, takeLease } from '../../../services/registry/indexes/build-lease.ts';
import { ranges } from '../../../services/registry/records/keys.ts';
import { allFormats } from '../../../services/runtime/families/all.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';
import { toy } from '../../kit/toy-format/format.ts';
import { toyPackages } from '../../kit/toy-index.ts';

let app: TestApp;
let project: Project;
let toys: ReturnType<typeof toyPackages>;

beforeEach(async () => {
  app = await startApp({ formats: [...allFormats, toy] });
  project = await app.project('tools');
  toys = toyPackages(app.registry, project);
});

const never = new AbortController().signal;

/** The events of the toy format's packages, oldest first. */
async function events(): Promise<RegistryEvent[]> {
  const shards = Array.from({ length: EVENT_SHARDS }, (_, shard) =>
    app.registry.table.query(ranges.events(shard)),
  );
  const all = (await Promise.all(shards)).flatMap(({ items }) => items.map(eventOf));
  return all.filter(({ format }) => format === 'toy2').sort((a, b) => (a.id < b.id ? -1 : 1));
}

const built = async () => (await readState(app.registry, toys.ref))?.built?.revision;

describe('the job that builds indexes', () => {
  test('builds an index once for several events, and again after a later change', async () => {
    await toys.publish('apple', '1');
    await toys.publish('pear', '1');
    for (const event of await events()) expect(await buildIndexes(app.registry, event, never)).toBe('done');
    expect(await built()).toBe(2);
    await toys.remove('pear', '1');
    await buildIndexes(app.registry, (await events()).at(-1), never);
    expect(await built()).toBeGreaterThan(2);
    expect(await toys.listed()).toEqual(['apple 1']);
  });

  test('waits while another process holds the lease of an index, and builds once the lease expires', async () => {
    await toys.publish('apple', '1');
    await takeLease(app.registry, toys.ref, 'reader');
    const [event] = await events();
    const working = buildIndexes(app.registry, event, never);
    expect(await toys.build()).toBe('busy');
    app.clock.advance(LEASE);
    expect(await working).toBe('done');
    expect(await built()).toBe(1);
  });

  test('does nothing for formats without indexes, and without an event', async () => {
    const [event] = await (async () => {
      await toys.publish('apple', '1');
      return events();
    })();
    await buildIndexes(app.registry, { ...event!, format: 'npm' } as RegistryEvent, never);
    await buildIndexes(app.registry, undefined, never);
    expect(await built()).toBeUndefined();
  });

  test('reports unfinished work when it is aborted, and builds the index in the next run', async () => {
    await toys.publish('apple', '1');
    const [event] = await events();
    expect(await buildIndexes(app.registry, event, AbortSignal.abort())).toBe('unfinished');
    expect(await built()).toBeUndefined();
    await buildIndexes(app.registry, event, never);
    expect(await built()).toBe(1);
  });
});
