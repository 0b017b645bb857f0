import { expect, test } from 'vitest';
import { layeredBlobStore } from '../../../../../services/adapters/layered/layered-blob-store.ts';
import { memoryBlobStore } from '../../../../../services/adapters/memory/memory-blob-store.ts';
import type { BlobStore } from '../../../../../services/ports/blob-store.ts';
import { checkStorage } from '../../../../../services/registry/maintenance/check/check-storage.ts';
import { sweepBlobs } from '../../../../../services/registry/maintenance/collect/sweep-blobs.ts';
import { runMigration } from '../../../../../services/registry/maintenance/migrate/migrate-blobs.ts';
import { startMigration } from '../../../../../services/registry/maintenance/migrate/migration-job.ts';
import { recordHome } from '../../../../../services/registry/maintenance/migrate/storage-home.ts';
import { publish, unpublish } from '../../../../kit/publish.ts';
import { startApp } from '../../../../kit/start-app.ts';

const day = 24 * 3600 * 1000;

/** A store with random delays, so that its operations finish in any order. */
function delayed(blobs: BlobStore): BlobStore {
  const pause = async () => {
    for (let turns = Math.floor(Math.random() * 4); turns > 0; turns--) await new Promise(setImmediate);
  };
  return {
    ...blobs,
    async put(key, body) {
      await pause();
      const stored = await blobs.put(key, body);
      await pause();
      return stored;
    },
    async get(key, range) {
      await pause();
      return blobs.get(key, range);
    },
    async delete(keys) {
      await pause();
      await blobs.delete(keys);
    },
  };
}

test('concurrent publishes, deletions, sweeps and a migration lose no blobs', async () => {
  const [from, to] = [delayed(memoryBlobStore()), delayed(memoryBlobStore())];
  const app = await startApp({ stores: { blobs: from } });
  app.clock.advance(Date.now() - app.clock.now());
  const project = await app.project('tools');
  const content = (number: number) => `the bytes of ${number}`;
  for (let number = 0; number < 200; number++) {
    await publish(app.registry, project, `seed-${number}`, content(number));
  }
  const registry = { ...app.registry, blobs: layeredBlobStore(to, from) };
  const move = { from: 'local', to: 's3://bucket' };
  await recordHome(registry.table, { location: move.to, from: move.from });

  let moving = true;
  /** Releases blobs, publishes their bytes again while blobs are migrated and swept, and adds new ones. */
  const publisher = async (number: number) => {
    for (let round = 0; moving; round++) {
      const seed = (number + round * 4) % 200;
      await unpublish(registry, project, `seed-${seed}`).catch(() => {});
      await publish(registry, project, `again-${number}-${round}`, content(seed));
      await publish(registry, project, `new-${number}-${round}`, `new bytes ${round % 7}`);
      if (round % 2 === 0) await unpublish(registry, project, `new-${number}-${round}`);
    }
  };
  const sweeper = async () => {
    while (moving) {
      app.clock.advance(2 * day);
      await sweepBlobs(registry);
      await new Promise(setImmediate);
    }
  };
  const all = [sweeper(), ...[0, 1, 2, 3].map(publisher)];
  const job = await startMigration(registry, { ...move, dryRun: false, concurrency: 6 });
  const ended = await runMigration(registry, { from, to }, job).finally(() => {
    moving = false;
  });
  await Promise.all(all);

  expect(ended).toMatchObject({ state: 'finished', problemCount: 0 });
  const moved = { ...app.registry, blobs: to };
  const { problems, files } = await checkStorage(moved, { verify: true, concurrency: 8 });
  expect(files).toBeGreaterThan(200);
  expect(problems.filter(({ kind }) => kind !== 'orphaned')).toEqual([]);
});
