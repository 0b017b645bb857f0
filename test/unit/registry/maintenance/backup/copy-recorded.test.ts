import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBlobStore } from '../../../../../services/adapters/memory/memory-blob-store.ts';
import type { Project } from '../../../../../services/domain/accounts.ts';
import type { BlobStore } from '../../../../../services/ports/blob-store.ts';
import {
  type CopyOptions,
  copyRecorded,
  countRecorded,
} from '../../../../../services/registry/maintenance/backup/copy-recorded.ts';
import { settleCopy } from '../../../../../services/registry/maintenance/backup/settle-copy.ts';
import { sweepBlobs } from '../../../../../services/registry/maintenance/collect/sweep-blobs.ts';
import { findHome } from '../../../../../services/registry/maintenance/migrate/storage-home.ts';
import { listAll, publish, unpublish } from '../../../../kit/publish.ts';
import { startApp, type TestApp } from '../../../../kit/start-app.ts';

const DAY = 24 * 3_600_000;

describe('copying recorded blobs', () => {
  let app: TestApp;
  let project: Project;
  let to: BlobStore;
  beforeEach(async () => {
    app = await startApp();
    project = await app.project('tools');
    to = memoryBlobStore();
  });

  const add = (name: string) => publish(app.registry, project, name, `bytes of ${name}`);
  function copy(options: Partial<CopyOptions> & { readonly from?: BlobStore } = {}) {
    const { from = app.registry.blobs, ...rest } = options;
    const { signal } = new AbortController();
    return copyRecorded(
      { table: app.registry.table, from, to },
      { verify: false, concurrency: 2, signal, ...rest },
    );
  }

  test('copies what is not there yet, and names what no record refers to', async () => {
    await add('one');
    expect(await copy()).toMatchObject({
      recorded: { blobs: 1 },
      copied: { blobs: 1, bytes: 12 },
      complete: true,
    });
    const { storageKey } = await add('two');
    await to.put('blobs/ff/foreign', [Buffer.from('x')] as never);
    expect(await copy()).toMatchObject({
      recorded: { blobs: 2, bytes: 24 },
      copied: { blobs: 1 },
      unrecorded: ['blobs/ff/foreign'],
      problems: [],
    });
    expect(await to.head(storageKey)).toMatchObject({ size: 12 });
    expect(await countRecorded(app.registry.table)).toEqual({ blobs: 2, bytes: 24 });
  });

  test('loses nothing to a sweep that runs at the same time: its blobs are kept for a day after they were released', async () => {
    for (const name of ['one', 'two', 'three']) await add(name);
    const { blobs } = app.registry;
    let swept: unknown;
    const from: BlobStore = {
      ...blobs,
      async get(key, range) {
        // Everything is deleted, and a sweep runs, after the records were read and before the first blob is.
        if (!swept) {
          swept = {};
          for (const name of ['one', 'two', 'three']) await unpublish(app.registry, project, name);
          app.clock.advance(DAY - 1);
          swept = await sweepBlobs(app.registry);
        }
        return blobs.get(key, range);
      },
    };
    expect(await copy({ from })).toMatchObject({ copied: { blobs: 3 }, problems: [], unreferenced: [] });
    expect(swept).toEqual({ blobs: 0, bytes: 0 });
  });

  test('leaves out records without files whose blob a sweep has just removed, and reports any other that is missing', async () => {
    await add('one');
    await unpublish(app.registry, project, 'one');
    const { storageKey } = await add('two');
    await app.registry.blobs.delete((await listAll(app.registry.blobs)).map(({ key }) => key));
    const { problems, unreferenced } = await copy();
    expect(problems).toMatchObject([{ kind: 'missing', storageKey }]);
    expect(unreferenced).toMatchObject([{ refs: 0 }]);
    await settleCopy(app.registry.table, unreferenced);
    expect(await countRecorded(app.registry.table)).toMatchObject({ blobs: 1 });
    expect(await findHome(app.registry.table)).toEqual({ location: 'local' });
  });

  test('stops at the signal, and continues with what is left', async () => {
    for (const name of ['one', 'two', 'three']) await add(name);
    const stopping = new AbortController();
    const first = await copy({
      concurrency: 1,
      signal: stopping.signal,
      onProgress: ({ blobs }) => blobs === 1 && stopping.abort(),
    });
    expect(first).toMatchObject({ complete: false, copied: { blobs: 1 }, problems: [] });
    expect(await copy()).toMatchObject({ complete: true, copied: { blobs: 2 } });
  });
});
