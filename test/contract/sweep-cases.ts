import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import type { BlobStore } from '../../services/ports/blob-store.ts';
import type { Table } from '../../services/ports/table.ts';
import { newBlobKey } from '../../services/registry/blobs/storage-keys.ts';
import type { Registry } from '../../services/registry/context.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { sweepBlobs } from '../../services/registry/maintenance/collect/sweep-blobs.ts';
import { sweepOrphans } from '../../services/registry/maintenance/collect/sweep-orphans.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { bytesOf, listAll, publish, unpublish } from '../kit/publish.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { withUnreadable } from '../kit/unreadable-blob.ts';
import type { OpenedStores } from './publish-cases.ts';

const day = 24 * 3600 * 1000;

let app: TestApp;
let project: Project;

/**
 * Sweeps that are stopped, killed, concurrent and raced, on the stores that `open` returns. `orphans` is the number of
 * orphaned blobs.
 */
export function describeSweeping(name: string, open: () => Promise<OpenedStores>, orphans: number): void {
  describe(`sweeping on ${name}`, () => {
    let close: () => Promise<void>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp(opened);
      app.clock.advance(Date.now() - app.clock.now());
      project = await app.project('tools');
    });
    afterEach(() => close());

    describe('orphaned blobs', () => orphanCases(orphans));
    describe('races', raceCases);
  });
}

function orphanCases(count: number): void {
  const known = 20;
  beforeEach(async () => {
    for (let index = 0; index < known; index++)
      await publish(app.registry, project, `known-${index}`, `known ${index}`);
    await putOrphans(count);
    app.clock.advance(2 * day);
  });

  test.each(['stopped', 'killed'] as const)(
    'a sweep that is %s at any point resumes the next time, and removes all of them and nothing else',
    async (how) => {
      for (let calls = 1; ; calls *= 2) {
        const done = await interrupted(calls, how);
        expect(await problemKinds()).not.toContain('missing');
        if (done) break;
      }
      expect(await storedCount()).toBe(known);
      expect(await app.registry.table.get(keys.job('stray-sweep'))).toBeUndefined();
      expect(await problemKinds()).toEqual([]);
    },
  );

  test('a sweep resumes where the previous one was stopped', async () => {
    const stop = new AbortController();
    await sweepOrphans({ ...app.registry, table: stopping(app.registry.table, stop) }, stop.signal);
    const position = await app.registry.table.get(keys.job('stray-sweep'));
    const lists: unknown[] = [];
    const blobs: BlobStore = {
      ...app.registry.blobs,
      list: (options) => {
        lists.push(options);
        return app.registry.blobs.list(options);
      },
    };
    await sweepOrphans({ ...app.registry, blobs });
    expect(position?.after).toMatch(/^blobs\//);
    expect(lists[0]).toMatchObject({ after: position?.after });
    expect(await storedCount()).toBe(known);
  });

  test('three concurrent sweeps remove all of them and nothing else', async () => {
    await Promise.all([1, 2, 3].map(() => sweepOrphans(app.registry)));
    expect(await storedCount()).toBe(known);
    expect(await problemKinds()).toEqual([]);
  });

  test('an unreadable blob is reported and kept, and all others are removed', async () => {
    const bad = newBlobKey();
    await app.registry.blobs.put(bad, bytesOf('a bad sector'));
    app.clock.advance(2 * day);
    await sweepOrphans({ ...app.registry, blobs: withUnreadable(app.registry.blobs, bad) });
    expect(await storedCount()).toBe(known + 1);
    expect(await app.registry.blobs.head(bad)).toBeDefined();
    expect(app.errors).toMatchObject([{ message: 'stored blob not readable', storage_key: bad }]);
    expect(await app.registry.table.get(keys.job('stray-sweep'))).toBeUndefined();
  });

  test('a blob with a record is kept although the index does not list it', async () => {
    const table: Table = { ...app.registry.table, query: async () => ({ items: [], more: false }) };
    const { blobs } = await sweepOrphans({ ...app.registry, table });
    expect(blobs).toBe(count);
    expect(await problemKinds()).toEqual([]);
  });
}

function raceCases(): void {
  test('two concurrent sweeps remove each blob once', async () => {
    for (let index = 0; index < 10; index++) {
      await publish(app.registry, project, `tool-${index}`, `bytes ${index}`);
      await unpublish(app.registry, project, `tool-${index}`);
    }
    app.clock.advance(2 * day);
    const swept = await Promise.all([sweepBlobs(app.registry), sweepBlobs(app.registry)]);
    expect(swept.reduce((sum, { blobs }) => sum + blobs, 0)).toBe(10);
    expect(await storedCount()).toBe(0);
  });

  test('concurrent publishes, deletions and sweeps of the same bytes lose nothing', async () => {
    let publishing = true;
    const sweeper = async () => {
      while (publishing) {
        app.clock.advance(2 * day);
        await sweepBlobs(app.registry);
        // Sweeps of memory stores never wait for anything, so nothing else would run.
        await new Promise(setImmediate);
      }
    };
    const publisher = async (number: number) => {
      for (let round = 0; round < 12; round++) {
        const name = `tool-${number}-${round}`;
        await publish(app.registry, project, name, `the bytes of round ${round}`);
        if ((number + round) % 3 > 0) await unpublish(app.registry, project, name);
      }
    };
    const sweeping = [sweeper(), sweeper()];
    try {
      await Promise.all([1, 2, 3, 4].map(publisher));
    } finally {
      publishing = false;
    }
    await Promise.all(sweeping);
    expect(await problemKinds()).toEqual([]);
    app.clock.advance(2 * day);
    await sweepBlobs(app.registry);
    expect(await problemKinds()).toEqual([]);
  });

  test('a publish keeps its bytes while an orphaned blob with the same bytes is swept', async () => {
    for (let round = 0; round < 10; round++) {
      const content = `bytes of round ${round}`;
      const orphan = newBlobKey();
      await app.registry.blobs.put(orphan, bytesOf(content));
      const registry = { ...app.registry, blobs: ageing(app.registry.blobs, orphan) };
      await Promise.all([sweepOrphans(registry), publish(app.registry, project, `tool-${round}`, content)]);
      expect(await app.registry.blobs.head(orphan)).toBeUndefined();
    }
    expect(await problemKinds()).toEqual([]);
  });
}

/** Sweeps orphaned blobs until a number of store calls; returns whether the sweep finished before that. */
async function interrupted(calls: number, how: 'stopped' | 'killed'): Promise<boolean> {
  const stop = new AbortController();
  let left = calls;
  const counted = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, method]) => [
        name,
        async (...parameters: unknown[]) => {
          if (left-- <= 0) stop.abort();
          if (stop.signal.aborted && how === 'killed') throw new Error('killed');
          return method(...parameters);
        },
      ]),
    ) as T;
  const { table, blobs } = app.registry;
  const registry: Registry = { ...app.registry, table: counted(table), blobs: counted(blobs) };
  await sweepOrphans(registry, how === 'stopped' ? stop.signal : undefined).catch((error: Error) => {
    expect(error.message).toBe('killed');
  });
  return !stop.signal.aborted;
}

/** A table that stops the sweep when it has stored its position for the first time. */
function stopping(table: Table, stop: AbortController): Table {
  return {
    ...table,
    async write(operations) {
      await table.write(operations);
      stop.abort();
    },
  };
}

/** A blob store in which one blob is old. */
function ageing(blobs: BlobStore, old: string): BlobStore {
  return {
    ...blobs,
    async list(options) {
      const page = await blobs.list(options);
      const aged = page.blobs.map((info) => (info.key === old ? { ...info, modifiedAt: 0 } : info));
      return { ...page, blobs: aged };
    },
  };
}

async function putOrphans(count: number): Promise<void> {
  for (let start = 0; start < count; start += 16) {
    const some = Array.from({ length: Math.min(16, count - start) }, (_, index) => start + index);
    await Promise.all(
      some.map((number) => app.registry.blobs.put(newBlobKey(), bytesOf(`orphan ${number}`))),
    );
  }
}

/** The kinds of problems that a check finds, orphaned blobs excepted. */
async function problemKinds(): Promise<string[]> {
  const { problems } = await checkStorage(app.registry, { verify: true, concurrency: 8 });
  return problems.map(({ kind }) => kind).filter((kind) => kind !== 'orphaned');
}

async function storedCount(): Promise<number> {
  return (await listAll(app.registry.blobs)).length;
}
