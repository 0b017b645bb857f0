import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBlobStore } from '../../../../../services/adapters/memory/memory-blob-store.ts';
import type { Project } from '../../../../../services/domain/accounts.ts';
import type { BlobStore } from '../../../../../services/ports/blob-store.ts';
import { newBlobKey } from '../../../../../services/registry/blobs/storage-keys.ts';
import {
  type MigrationOptions,
  runMigration,
} from '../../../../../services/registry/maintenance/migrate/migrate-blobs.ts';
import {
  findMigration,
  type MigrationJob,
  startMigration,
} from '../../../../../services/registry/maintenance/migrate/migration-job.ts';
import { findHome, recordHome } from '../../../../../services/registry/maintenance/migrate/storage-home.ts';
import { keys } from '../../../../../services/registry/records/keys.ts';
import { bytesOf, listAll, publish, sha256Of, unpublish } from '../../../../kit/publish.ts';
import { startApp, type TestApp } from '../../../../kit/start-app.ts';
import { withUnreadable } from '../../../../kit/unreadable-blob.ts';

const PACKAGES = 600;

let app: TestApp;
let project: Project;
let to: BlobStore;
beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools');
  to = memoryBlobStore();
});

const order = { from: 'local', to: 's3://bucket', dryRun: false, concurrency: 4 };
const start = (changes: Partial<typeof order> = {}) => startMigration(app.registry, { ...order, ...changes });
const run = (job: MigrationJob, options: MigrationOptions = {}, from = app.registry.blobs) =>
  runMigration(app.registry, { from, to }, job, options);

async function publishMany(count = PACKAGES): Promise<void> {
  for (let index = 0; index < count; index++) {
    await publish(app.registry, project, `tool-${index}`, `bytes of tool ${index}`);
  }
}

async function keysIn(blobs: BlobStore): Promise<string[]> {
  return (await listAll(blobs)).map(({ key }) => key);
}

describe('a migration of blobs', () => {
  test('copies every blob under the same key, and keeps the originals', async () => {
    await publishMany();
    const job = await run(await start());
    expect(job).toMatchObject({ state: 'finished', problemCount: 0, finishedAt: app.clock.now() });
    expect([job.total.blobs, job.copied.blobs, job.pending.blobs]).toEqual([PACKAGES, PACKAGES, PACKAGES]);
    expect(job.copied.bytes).toBe(job.total.bytes);
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
    const copy = await to.get((await keysIn(to))[0] ?? '');
    expect(await new Response(copy?.body).text()).toMatch(/^bytes of tool \d+$/);
  });

  test('records the new storage location', async () => {
    await publishMany(3);
    await run(await start());
    expect(await findHome(app.registry.table)).toEqual({ location: 's3://bucket', from: undefined });
    expect(await findMigration(app.registry.table)).toMatchObject({ state: 'finished' });
  });

  test('counts the blobs but copies nothing in a dry run', async () => {
    await publishMany(5);
    const job = await run(await start({ dryRun: true }));
    expect(job).toMatchObject({ state: 'finished', pending: { blobs: 5 }, copied: { blobs: 0 } });
    expect(await keysIn(to)).toEqual([]);
    expect(await findHome(app.registry.table)).toBeUndefined();
  });

  test('copies nothing the second time', async () => {
    await publishMany(5);
    await run(await start());
    const again = await run(await start());
    expect(again).toMatchObject({ total: { blobs: 5 }, copied: { blobs: 0 }, state: 'finished' });
  });

  test('finishes in an empty registry', async () => {
    expect(await run(await start())).toMatchObject({ state: 'finished', total: { blobs: 0, bytes: 0 } });
  });

  test('never copies more blobs concurrently than the limit', async () => {
    await publishMany(50);
    let now = 0;
    let most = 0;
    const counting: BlobStore = {
      ...to,
      async put(key, body) {
        most = Math.max(most, ++now);
        await new Promise(setImmediate);
        const stored = await to.put(key, body);
        now--;
        return stored;
      },
    };
    await runMigration(app.registry, { from: app.registry.blobs, to: counting }, await start());
    expect(most).toBe(4);
  });

  test('reports progress that never decreases within a phase', async () => {
    await publishMany(300);
    const seen = new Map<string, number[]>();
    await run(await start(), {
      onProgress: ({ phase }, { bytes }) => seen.set(phase, [...(seen.get(phase) ?? []), bytes]),
    });
    for (const bytes of seen.values()) expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect([...seen.keys()]).toEqual(['counting', 'copying', 'checking']);
  });
});

describe('an interrupted or concurrent migration', () => {
  test.each(['stopped', 'killed'] as const)('resumes after it was %s at any point', async (how) => {
    await publishMany();
    const job = await start();
    const positions = [];
    for (let calls = 1; ; calls *= 2) {
      const stop = new AbortController();
      let left = calls;
      const put: BlobStore['put'] = async (key, body) => {
        if (left-- <= 0) stop.abort();
        if (stop.signal.aborted && how === 'killed') throw new Error('killed');
        return to.put(key, body);
      };
      const options = how === 'stopped' ? { signal: stop.signal } : {};
      const current = (await findMigration(app.registry.table)) ?? job;
      await runMigration(
        app.registry,
        { from: app.registry.blobs, to: { ...to, put } },
        current,
        options,
      ).catch((error: Error) => expect(error.message).toMatch(/^blobs\/.* can't be copied: killed$/));
      if (!stop.signal.aborted) break;
      positions.push((await findMigration(app.registry.table))?.position ?? '');
    }
    expect(positions).toEqual(positions.toSorted());
    expect(positions.at(-1)).toMatch(/^blobs\//);
    expect(await findMigration(app.registry.table)).toMatchObject({ state: 'finished', problemCount: 0 });
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
  });

  test('copies blobs that are added while it runs', async () => {
    await publishMany(300);
    let added = 0;
    const job = await run(await start(), {
      onProgress: ({ phase }) => {
        if (phase === 'counting' || added++ > 0) return;
        void publish(app.registry, project, 'late', 'late bytes');
        void app.registry.blobs.put('blobs/00/00000000-0000-4000-8000-000000000000', bytesOf('earliest key'));
      },
    });
    expect(job.copied.blobs).toBe(302);
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
  });

  test('reports no problem for blobs that are deleted while it runs', async () => {
    await publishMany(20);
    const from: BlobStore = {
      ...app.registry.blobs,
      async get(key, range) {
        const content = await app.registry.blobs.get(key, range);
        if (key.startsWith('blobs/0') || key.startsWith('blobs/8')) return undefined;
        return content;
      },
    };
    const job = await run(await start(), {}, from);
    expect(job).toMatchObject({ state: 'finished', problemCount: 0 });
  });

  test('copies everything and finishes when two processes run the same job', async () => {
    await publishMany(400);
    const job = await start();
    const once: BlobStore = {
      ...to,
      async put(key, body) {
        if (await to.head(key)) throw new Error('there is a blob already');
        return to.put(key, body);
      },
    };
    const stores = { from: app.registry.blobs, to: once };
    const ended = await Promise.all([1, 2].map(() => runMigration(app.registry, stores, job)));
    expect(ended.map(({ state }) => state)).toEqual(['finished', 'finished']);
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
  });

  test('is not finished early by a process that is still counting while another copies', async () => {
    await publishMany();
    const job = await start();
    const [counted, copying, copied] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const slow: BlobStore = {
      ...app.registry.blobs,
      async list(options) {
        // The last keys of the counting process, after it has recorded most of them.
        if (options?.prefix === 'blobs/f') {
          counted?.resolve();
          await copying?.promise;
        }
        return app.registry.blobs.list(options);
      },
    };
    const waiting: BlobStore = {
      ...to,
      async put(key, body) {
        copying?.resolve();
        await copied?.promise;
        return to.put(key, body);
      },
    };
    const one = runMigration(app.registry, { from: slow, to: waiting }, job);
    await counted?.promise;
    const other = runMigration(app.registry, { from: app.registry.blobs, to: waiting }, job);
    await copying?.promise;
    // Gives the first process enough time to finish early.
    for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate);
    expect(await findMigration(app.registry.table)).toMatchObject({ state: 'running' });
    copied?.resolve();
    expect(await Promise.all([one, other])).toMatchObject([{ state: 'finished' }, { state: 'finished' }]);
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
  });

  test('stops when a store fails, and resumes in the next run', async () => {
    await publishMany(300);
    let puts = 0;
    const put: BlobStore['put'] = async (key, body) => {
      if (++puts === 280) throw new Error('the network is down');
      return to.put(key, body);
    };
    const failing = { from: app.registry.blobs, to: { ...to, put } };
    await expect(runMigration(app.registry, failing, await start())).rejects.toThrow('the network is down');
    const kept = await findMigration(app.registry.table);
    expect(kept).toMatchObject({ state: 'running', phase: 'copying', done: { blobs: 250 } });
    expect(await run(kept as MigrationJob)).toMatchObject({ state: 'finished' });
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
  });

  test('copies blobs that were added before its position while it was stopped', async () => {
    await publishMany(300);
    const stop = new AbortController();
    await run(await start(), {
      signal: stop.signal,
      onProgress: ({ phase }, { blobs }) => {
        if (phase === 'checking' && blobs > 260) stop.abort();
      },
    });
    const stopped = await findMigration(app.registry.table);
    expect(stopped).toMatchObject({ phase: 'checking', copiedInPhase: 0 });
    await app.registry.blobs.put('blobs/00/00000000-0000-4000-8000-000000000000', bytesOf('earliest key'));
    expect(await run(stopped as MigrationJob)).toMatchObject({ state: 'finished' });
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
  });

  test('resumes the unfinished job of the same locations, with the concurrency given last', async () => {
    const job = await start();
    expect(await start({ concurrency: 9 })).toMatchObject({ id: job.id, concurrency: 9 });
    const other = await startMigration(app.registry, order, { startOver: true });
    expect(other.id).not.toBe(job.id);
  });

  test('is replaced by a job of other locations, even while it runs', async () => {
    await publishMany(300);
    const job = await start();
    const ended = await run(job, {
      onProgress: ({ phase }, { blobs }) => {
        if (phase === 'copying' && blobs === 10) void start({ to: 's3://other' });
      },
    });
    expect(ended).toMatchObject({ to: 's3://other', state: 'running', phase: 'counting' });
    expect(await findHome(app.registry.table)).toBeUndefined();
  });

  test('does not finish if a server has reversed the direction in the meantime', async () => {
    await publishMany(3);
    const { table } = app.registry;
    await recordHome(table, { location: 's3://bucket', from: 'local' });
    const job = await start();
    await recordHome(table, { location: 'local', from: 's3://bucket' });
    await expect(run(job)).rejects.toThrow('the other way round');
    expect(await findMigration(table)).toMatchObject({ state: 'running' });
    expect(await findHome(table)).toEqual({ location: 'local', from: 's3://bucket' });
  });

  test('is left unchanged by a dry run, which counts the remaining blobs', async () => {
    await publishMany(300);
    const stop = new AbortController();
    await run(await start(), {
      signal: stop.signal,
      onProgress: ({ phase }, { blobs }) => {
        if (phase === 'copying' && blobs > 260) stop.abort();
      },
    });
    const before = await findMigration(app.registry.table);
    const counted = await run(await start({ dryRun: true }));
    expect(counted.pending.blobs).toBeLessThan(50);
    expect(await findMigration(app.registry.table)).toEqual(before);
  });
});

describe('a blob with a problem', () => {
  test('is reported and not copied if its bytes do not match its digest', async () => {
    const { storageKey, sha256 } = await publish(app.registry, project, 'tool', 'the right bytes');
    await publishMany(3);
    await app.registry.blobs.put(storageKey, bytesOf('the wrong bytes'));
    const job = await run(await start());
    expect(job).toMatchObject({ state: 'finished', problemCount: 1, copied: { blobs: 3 } });
    expect(job.problems).toMatchObject([{ kind: 'wrong-digest', storageKey, sha256 }]);
    expect(job.problems[0]?.detail).toContain(sha256Of('the wrong bytes'));
    expect(await to.head(storageKey)).toBeUndefined();
  });

  test.each(['at once', 'midway'] as const)(
    'is reported if it is unreadable (%s), and all others are copied',
    async (where) => {
      const { storageKey, sha256 } = await publish(app.registry, project, 'tool', 'bytes');
      await publishMany(3);
      const job = await run(await start(), {}, withUnreadable(app.registry.blobs, storageKey, where));
      expect(job).toMatchObject({ state: 'finished', problemCount: 1, copied: { blobs: 3 } });
      expect(job.problems).toMatchObject([
        { kind: 'unreadable', storageKey, sha256, detail: 'EIO: i/o error, read' },
      ]);
      expect(await to.head(storageKey)).toBeUndefined();
    },
  );

  test('is reported if it is missing', async () => {
    const { storageKey } = await publish(app.registry, project, 'tool', 'bytes');
    await app.registry.blobs.delete([storageKey]);
    const job = await run(await start());
    expect(job.problems).toMatchObject([{ kind: 'missing', storageKey }]);
  });

  test('is reported if its copy has another size', async () => {
    const { storageKey } = await publish(app.registry, project, 'tool', 'bytes');
    await to.put(storageKey, bytesOf('other'.repeat(2)));
    const job = await run(await start());
    expect(job.problems).toMatchObject([{ kind: 'wrong-size', storageKey, detail: '10 bytes, not 5' }]);
  });

  test('is copied and counted if no record refers to it', async () => {
    await publish(app.registry, project, 'gone', 'bytes');
    await app.registry.blobs.put(newBlobKey(), bytesOf('orphan'));
    const job = await run(await start());
    expect(job).toMatchObject({ unknown: { blobs: 1, bytes: 6 }, copied: { blobs: 2 }, problemCount: 0 });
  });

  test('is not reported if its record is swept in the meantime', async () => {
    const { storageKey, sha256 } = await publish(app.registry, project, 'tool', 'bytes');
    await unpublish(app.registry, project, 'tool');
    const from: BlobStore = {
      ...app.registry.blobs,
      async list(options) {
        await app.registry.blobs.delete([storageKey]);
        await app.registry.table.write([{ delete: keys.blob(sha256) }]);
        return app.registry.blobs.list(options);
      },
    };
    expect(await run(await start(), {}, from)).toMatchObject({ state: 'finished', problemCount: 0 });
  });
});
