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
import { claimHome, findHome } from '../../../../../services/registry/maintenance/migrate/storage-home.ts';
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

describe('moving blobs', () => {
  test('copies every blob under its own key, and leaves the old ones', async () => {
    await publishMany();
    const job = await run(await start());
    expect(job).toMatchObject({ state: 'finished', problemCount: 0, finishedAt: app.clock.now() });
    expect([job.total.blobs, job.copied.blobs, job.pending.blobs]).toEqual([PACKAGES, PACKAGES, PACKAGES]);
    expect(job.copied.bytes).toBe(job.total.bytes);
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
    const copy = await to.get((await keysIn(to))[0] ?? '');
    expect(await new Response(copy?.body).text()).toMatch(/^bytes of tool \d+$/);
  });

  test('puts on record where the blobs are', async () => {
    await publishMany(3);
    await run(await start());
    expect(await findHome(app.registry.table)).toEqual({ place: 's3://bucket', from: undefined });
    expect(await findMigration(app.registry.table)).toMatchObject({ state: 'finished' });
  });

  test('a dry run counts and copies nothing', async () => {
    await publishMany(5);
    const job = await run(await start({ dryRun: true }));
    expect(job).toMatchObject({ state: 'finished', pending: { blobs: 5 }, copied: { blobs: 0 } });
    expect(await keysIn(to)).toEqual([]);
    expect(await findHome(app.registry.table)).toBeUndefined();
  });

  test('a second move finds nothing to copy', async () => {
    await publishMany(5);
    await run(await start());
    const again = await run(await start());
    expect(again).toMatchObject({ total: { blobs: 5 }, copied: { blobs: 0 }, state: 'finished' });
  });

  test('an empty registry is moved at once', async () => {
    expect(await run(await start())).toMatchObject({ state: 'finished', total: { blobs: 0, bytes: 0 } });
  });

  test('never copies more at a time than it may', async () => {
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

  test('tells its progress, which never goes backwards within a phase', async () => {
    await publishMany(300);
    const seen = new Map<string, number[]>();
    await run(await start(), {
      onProgress: ({ phase }, { bytes }) => seen.set(phase, [...(seen.get(phase) ?? []), bytes]),
    });
    for (const bytes of seen.values()) expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect([...seen.keys()]).toEqual(['counting', 'copying', 'checking']);
  });
});

describe('what happens meanwhile', () => {
  test.each(['stopped', 'killed'] as const)('%s at any point it goes on the next time', async (how) => {
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

  test('what is added behind its back is found before it ends', async () => {
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

  test('what is deleted while it is copied is no problem', async () => {
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

  test('two that run the same job copy everything, and end', async () => {
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

  test('who is still counting when another copies does not take what it counted for copied', async () => {
    await publishMany();
    const job = await start();
    const [counted, copying, copied] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const slow: BlobStore = {
      ...app.registry.blobs,
      async list(options) {
        // The last keys of the one that counts, after it has put most on record.
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
    // The first one has all the time it wants to come to a wrong end.
    for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate);
    expect(await findMigration(app.registry.table)).toMatchObject({ state: 'running' });
    copied?.resolve();
    expect(await Promise.all([one, other])).toMatchObject([{ state: 'finished' }, { state: 'finished' }]);
    expect(await keysIn(to)).toEqual(await keysIn(app.registry.blobs));
  });

  test('a store that fails ends the run, and the next one goes on', async () => {
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

  test('what was added below its position while nobody ran it is found', async () => {
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

  test('an unfinished job of the same places goes on, with the concurrency given last', async () => {
    const job = await start();
    expect(await start({ concurrency: 9 })).toMatchObject({ id: job.id, concurrency: 9 });
    const other = await startMigration(app.registry, order, { startOver: true });
    expect(other.id).not.toBe(job.id);
  });

  test('a job of other places ends the one before, whoever runs it', async () => {
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

  test('a server that turns round meanwhile keeps it from ending', async () => {
    await publishMany(3);
    const { table } = app.registry;
    await claimHome(table, { place: 's3://bucket', from: 'local' });
    const job = await start();
    await claimHome(table, { place: 'local', from: 's3://bucket' });
    await expect(run(job)).rejects.toThrow('the other way round');
    expect(await findMigration(table)).toMatchObject({ state: 'running' });
    expect(await findHome(table)).toEqual({ place: 'local', from: 's3://bucket' });
  });

  test('a dry run counts what is left of an unfinished job, and leaves that as it is', async () => {
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

describe('what can not be moved', () => {
  test('bytes that are not those of their digest are told and not copied', async () => {
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
    'bytes that can not be read (%s) are told, and all others copied',
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

  test('bytes that are nowhere are told', async () => {
    const { storageKey } = await publish(app.registry, project, 'tool', 'bytes');
    await app.registry.blobs.delete([storageKey]);
    const job = await run(await start());
    expect(job.problems).toMatchObject([{ kind: 'missing', storageKey }]);
  });

  test('a copy of another size is told', async () => {
    const { storageKey } = await publish(app.registry, project, 'tool', 'bytes');
    await to.put(storageKey, bytesOf('other'.repeat(2)));
    const job = await run(await start());
    expect(job.problems).toMatchObject([{ kind: 'wrong-size', storageKey, detail: '10 bytes, not 5' }]);
  });

  test('bytes that no record knows are copied and counted', async () => {
    await publish(app.registry, project, 'gone', 'bytes');
    await app.registry.blobs.put(newBlobKey(), bytesOf('orphan'));
    const job = await run(await start());
    expect(job).toMatchObject({ unknown: { blobs: 1, bytes: 6 }, copied: { blobs: 2 }, problemCount: 0 });
  });

  test('a record that is swept while its bytes are looked for is no problem', async () => {
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
