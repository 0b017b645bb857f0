import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../../../services/domain/accounts.ts';
import type { BlobStore } from '../../../../../services/ports/blob-store.ts';
import type { Query, Table } from '../../../../../services/ports/table.ts';
import { purgeProjects, removeProject } from '../../../../../services/registry/accounts/remove-project.ts';
import { digitOf, newBlobKey } from '../../../../../services/registry/blobs/storage-keys.ts';
import { sweepBlobs } from '../../../../../services/registry/maintenance/collect/sweep-blobs.ts';
import { sweepOrphans } from '../../../../../services/registry/maintenance/collect/sweep-orphans.ts';
import { itemOf } from '../../../../../services/registry/records/entities.ts';
import { indexes, inIndex1, inIndex2, keys } from '../../../../../services/registry/records/keys.ts';
import { bytesOf, listAll, publish, sha256Of } from '../../../../kit/publish.ts';
import { startApp, type TestApp } from '../../../../kit/start-app.ts';

const day = 24 * 3600 * 1000;

/** Enough blobs for many pages, so that the results also hold for a million. */
const BLOBS = 20_000;

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
  // Stores date blobs by the real clock.
  app.clock.advance(Date.now() - app.clock.now());
});

/** Stores blobs and their records; `unreferencedAt` returns since when nothing refers to the blob with a number. */
async function store(
  count: number,
  unreferencedAt: (number: number) => number | undefined,
): Promise<string[]> {
  const { table, blobs } = app.registry;
  const stored: string[] = [];
  for (let number = 0; number < count; number++) {
    const storageKey = newBlobKey();
    const sha256 = sha256Of(storageKey);
    const since = unreferencedAt(number);
    const record = { sha256, storageKey, size: 1, digests: { sha256 }, refs: since === undefined ? 1 : 0 };
    const sweepable =
      since === undefined
        ? {}
        : {
            unreferencedAt: since,
            ...inIndex2(indexes.unreferenced.pk, `${new Date(since).toISOString()}#${sha256}`),
          };
    const attributes = inIndex1(indexes.stored(digitOf(storageKey)).pk, storageKey);
    await table.write([{ put: { ...itemOf(keys.blob(sha256), record, attributes), ...sweepable } }]);
    await blobs.put(storageKey, bytesOf('x'));
    stored.push(storageKey);
  }
  return stored;
}

/** A table that counts the items read and the writes, and calls `onQuery` with each query. */
function watched(table: Table, onQuery: (query: Query) => void = () => {}) {
  const seen = { read: 0, writes: 0 };
  const counted: Table = {
    ...table,
    async query(query) {
      onQuery(query);
      const page = await table.query(query);
      seen.read += page.items.length;
      return page;
    },
    async write(operations) {
      seen.writes++;
      return table.write(operations);
    },
  };
  return { seen, table: counted };
}

describe('a sweep of very many unreferenced blobs', () => {
  test('removes the oldest first, reads each once over all its runs, and resumes where it was stopped', async () => {
    const start = app.clock.now();
    const stored = await store(BLOBS, (number) => start + number);
    app.clock.advance(2 * day);
    const { table, seen } = watched(app.registry.table, () => {
      if (++queries % 51 === 0) stop.abort();
    });
    let queries = 0;
    let stop = new AbortController();
    const removed: number[] = [];
    for (let runs = 0; runs < 10 && removed.at(-1) !== 0; runs++) {
      stop = new AbortController();
      removed.push((await sweepBlobs({ ...app.registry, table }, stop.signal)).blobs);
      const left = await listAll(app.registry.blobs);
      const total = removed.reduce((sum, each) => sum + each, 0);
      expect(left.map(({ key }) => key)).toEqual(stored.slice(total).sort());
    }
    expect(removed).toEqual([5_000, 5_000, 5_000, 5_000, 0]);
    // Each stopped run had read a page of a hundred without processing it.
    expect(seen.read).toBeLessThanOrEqual(BLOBS + 4 * 100);
    expect(seen.writes).toBe(BLOBS);
  });

  test('stops reading at the first page with blobs that are not due', async () => {
    const start = app.clock.now();
    await store(2_000, (number) => start + (number < 150 ? 0 : 2 * day) + number);
    app.clock.advance(day + 3_600_000);
    const { table, seen } = watched(app.registry.table);
    expect((await sweepBlobs({ ...app.registry, table })).blobs).toBe(150);
    expect(seen).toEqual({ read: 200, writes: 150 });
  });
});

test('a sweep of orphaned blobs among very many blobs reads each once over all its runs, in order', async () => {
  await store(BLOBS, () => undefined);
  await app.registry.blobs.put(newBlobKey(), bytesOf('orphan'));
  app.clock.advance(2 * day);
  const position = () => app.registry.table.get(keys.job('stray-sweep'));
  let listed = 0;
  const starts: unknown[] = [];
  const blobs: BlobStore = {
    ...app.registry.blobs,
    async list(options) {
      starts.push(options?.after ?? '');
      const page = await app.registry.blobs.list(options);
      listed += page.blobs.length;
      return page;
    },
  };
  let removed = 0;
  let stop = new AbortController();
  let batches = 0;
  const { table, seen } = watched(app.registry.table);
  const stopping: Table = {
    ...table,
    async write(operations) {
      await table.write(operations);
      if (++batches % 8 === 0) stop.abort();
    },
  };
  const kept: string[] = [];
  for (let runs = 1; runs <= 10; runs++) {
    stop = new AbortController();
    const first = starts.length;
    const before = await position();
    removed += (await sweepOrphans({ ...app.registry, table: stopping, blobs }, stop.signal)).blobs;
    if (before) expect(starts[first]).toBe(before.after);
    const after = await position();
    if (!after) break;
    kept.push(String(after.after));
  }
  expect(removed).toBe(1);
  expect(kept.length).toBeGreaterThanOrEqual(4);
  expect(kept).toEqual(kept.toSorted());
  // The rest of a page after the batch at which a run was stopped is read again by the next run.
  const again = kept.length * 1_000;
  expect(listed).toBeLessThanOrEqual(BLOBS + 1 + again);
  expect(seen.read).toBeLessThanOrEqual(BLOBS + again);
  expect(await listAll(app.registry.blobs)).toHaveLength(BLOBS);
});

describe('a deleted project with many packages', () => {
  let project: Project;
  beforeEach(async () => {
    project = await app.project('large');
    for (let number = 0; number < 300; number++) {
      await publish(app.registry, project, `tool-${number}`, `bytes ${number}`);
    }
    const settings = { ...app.registry.settings, retention: 0 };
    await removeProject({ ...app.registry, settings }, project, {
      kind: 'user',
      id: app.root.id,
      name: 'root',
    });
  });

  test('is emptied page by page, in as many runs as needed', async () => {
    let stop = new AbortController();
    let writes = 0;
    const table: Table = {
      ...app.registry.table,
      async write(operations) {
        await app.registry.table.write(operations);
        if (++writes % 100 === 0) stop.abort();
      },
    };
    const done: boolean[] = [];
    while (!done.at(-1)) {
      stop = new AbortController();
      done.push(await purgeProjects({ ...app.registry, table }, stop.signal));
    }
    // Two writes for each package, and one at the start of each run.
    expect([done.length, writes]).toEqual([7, 2 * 300 + 7]);
    const { items } = await app.registry.table.query({ pk: `PROJECT#${project.id}` });
    expect(items).toEqual([]);
  });
});
