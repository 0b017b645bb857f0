import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import type { Sha256 } from '../../services/domain/digests.ts';
import type { BlobStore } from '../../services/ports/blob-store.ts';
import { newBlobKey } from '../../services/registry/blobs/storage-keys.ts';
import { type CheckOptions, checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { named } from '../kit/names.ts';
import { bytesOf, publish, sha256Of, unpublish } from '../kit/publish.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { withUnreadable } from '../kit/unreadable-blob.ts';
import type { OpenedStores } from './publish-cases.ts';

const day = 24 * 3600 * 1000;

let app: TestApp;
let project: Project;

/** Checks of files, records and stored bytes, and the defects they find, on the stores that `open` returns. */
export function describeChecks(name: string, open: () => Promise<OpenedStores>): void {
  describe(`storage check on ${name}`, () => {
    let close: () => Promise<void>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      app = await startApp(opened);
      app.clock.advance(Date.now() - app.clock.now());
      project = await app.project('tools');
      for (const name of ['one', 'two', 'three'])
        await publish(app.registry, project, name, `bytes of ${name}`);
    });
    afterEach(() => close());

    describe('sound data', soundCases);
    describe('defects', defectCases);
    describe('concurrent changes', changeCases);
  });
}

function soundCases(): void {
  test('counts files, records and stored blobs, and reports no problem', async () => {
    await publish(app.registry, project, 'same', 'bytes of one');
    const check = await checked({ verify: true });
    expect(check).toEqual({
      files: 4,
      records: { blobs: 3, bytes: 38 },
      stored: { blobs: 3, bytes: 38 },
      verified: { blobs: 3, bytes: 38 },
      recent: { blobs: 0, bytes: 0 },
      problems: [],
      complete: true,
    });
  });

  test('accepts blobs that nothing refers to any more and that are not swept yet', async () => {
    await unpublish(app.registry, project, 'one');
    expect((await checked()).problems).toEqual([]);
  });

  test('accepts files of projects that are being deleted', async () => {
    const other = await app.project('other');
    await publish(app.registry, other, 'kept', 'bytes');
    const item = await app.registry.table.get(keys.project(other.id));
    await app.registry.table.write([
      { delete: keys.project(other.id) },
      { put: { ...keys.removedProject(other.id), id: other.id, fullPath: String(item?.fullPath) } },
    ]);
    expect(await checked()).toMatchObject({ files: 4, problems: [] });
  });

  test('counts the bytes of an upload that may still be running as recent', async () => {
    await app.registry.blobs.put(newBlobKey(), bytesOf('staged'));
    expect(await checked()).toMatchObject({ recent: { blobs: 1, bytes: 6 }, problems: [] });
  });
}

function defectCases(): void {
  const fileLabel = 'acme/tools: generic one 1 a.bin';

  test('reports missing bytes with the files that refer to them', async () => {
    const { storageKey, sha256 } = await placeOf('one');
    await app.registry.blobs.delete([storageKey]);
    expect((await checked()).problems).toEqual([
      { kind: 'missing', sha256, storageKey, detail: '12 bytes', files: [fileLabel] },
    ]);
  });

  test('reports bytes of the wrong size', async () => {
    const { storageKey } = await placeOf('one');
    await replace(storageKey, 'short');
    expect((await checked()).problems).toMatchObject([
      { kind: 'wrong-size', storageKey, detail: '5 bytes, not 12', files: [fileLabel] },
    ]);
  });

  test('reports different bytes of the same size when it reads all bytes, and only then', async () => {
    const { storageKey, sha256 } = await placeOf('one');
    await replace(storageKey, 'bytes of ONE');
    expect((await checked()).problems).toEqual([]);
    const detail = `their SHA-256 is ${sha256Of('bytes of ONE')}`;
    expect((await checked({ verify: true })).problems).toEqual([
      { kind: 'wrong-digest', sha256, storageKey, detail, files: [fileLabel] },
    ]);
  });

  test('reports unreadable bytes when it reads all bytes, and checks the rest', async () => {
    const { storageKey, sha256 } = await placeOf('two');
    const blobs = withUnreadable(app.registry.blobs, storageKey, 'midway');
    const check = await checkStorage({ ...app.registry, blobs }, { verify: true, concurrency: 1 });
    const detail = 'EIO: i/o error, read';
    const files = ['acme/tools: generic two 1 a.bin'];
    expect(check.problems).toEqual([{ kind: 'unreadable', sha256, storageKey, detail, files }]);
    expect(check.records.blobs).toBe(3);
  });

  test('reports an orphaned blob that cannot be read', async () => {
    const orphan = newBlobKey();
    await app.registry.blobs.put(orphan, bytesOf('orphan'));
    app.clock.advance(2 * day);
    const registry = { ...app.registry, blobs: withUnreadable(app.registry.blobs, orphan) };
    const { problems } = await checkStorage(registry, { verify: false, concurrency: 4 });
    expect(problems).toMatchObject([{ kind: 'unreadable', storageKey: orphan }]);
  });

  test('reports an orphaned blob once it is old', async () => {
    const orphan = newBlobKey();
    await app.registry.blobs.put(orphan, bytesOf('orphan'));
    app.clock.advance(2 * day);
    expect((await checked()).problems).toEqual([
      { kind: 'orphaned', sha256: undefined, storageKey: orphan, detail: '6 bytes', files: [] },
    ]);
  });

  test.each([-1, 1])('reports a reference count that is off by %i', async (by) => {
    const { storageKey, sha256 } = await placeOf('one');
    await app.registry.table.update(keys.blob(sha256), { add: { refs: by } });
    expect((await checked()).problems).toEqual([
      {
        kind: 'wrong-count',
        sha256,
        storageKey,
        detail: `counts ${1 + by}, there are 1`,
        files: [fileLabel],
      },
    ]);
  });

  test('reports a file whose blob record is missing', async () => {
    const { storageKey, sha256 } = await placeOf('one');
    await app.registry.table.write([{ delete: keys.blob(sha256) }]);
    await app.registry.blobs.delete([storageKey]);
    expect((await checked()).problems).toEqual([
      { kind: 'no-record', sha256, storageKey, detail: '', files: [fileLabel] },
    ]);
  });

  test('reports a file whose storage key differs from that of the record', async () => {
    const { storageKey, sha256 } = await placeOf('one');
    const ref = { projectId: project.id, format: 'generic', name: named.package('one') };
    const elsewhere = newBlobKey();
    await app.registry.table.update(keys.file(ref, named.version('1'), named.identity('a.bin')), {
      set: { storageKey: elsewhere },
    });
    const { problems } = await checked();
    expect(problems).toContainEqual({
      kind: 'wrong-place',
      sha256,
      storageKey: elsewhere,
      detail: `the record says ${storageKey}`,
      files: [fileLabel],
    });
  });

  test('stops after enough problems and reports that it is incomplete', async () => {
    for (const name of ['one', 'two', 'three']) {
      await app.registry.blobs.delete([(await placeOf(name)).storageKey]);
    }
    const { problems, complete } = await checked({ enough: 2, concurrency: 1 });
    expect([complete, problems.length >= 2]).toEqual([false, true]);
    expect((await checked({ enough: 4 })).complete).toBe(true);
  });

  test('reports several defects together', async () => {
    const [one, two] = [await placeOf('one'), await placeOf('two')];
    await app.registry.blobs.delete([one.storageKey]);
    await app.registry.table.update(keys.blob(two.sha256), { add: { refs: 5 } });
    await replace((await placeOf('three')).storageKey, '');
    const { problems } = await checked({ verify: true });
    expect(problems.map(({ kind }) => kind).sort()).toEqual(['missing', 'wrong-count', 'wrong-size']);
  });
}

function changeCases(): void {
  test('reports no problem when a publish and a deletion happen between reading files and blobs', async () => {
    const { registry } = app;
    let changed = false;
    const blobs: BlobStore = {
      ...registry.blobs,
      async list(options) {
        if (!changed) {
          changed = true;
          await publish(registry, project, 'late', 'late bytes');
          await publish(registry, project, 'same', 'bytes of two');
          await unpublish(registry, project, 'one');
        }
        return registry.blobs.list(options);
      },
    };
    const options = { verify: false, concurrency: 4 };
    expect((await checkStorage({ ...registry, blobs }, options)).problems).toEqual([]);
  });
}

function checked(options: Partial<CheckOptions> = {}) {
  return checkStorage(app.registry, { verify: false, concurrency: 4, ...options });
}

async function placeOf(name: string): Promise<{ sha256: Sha256; storageKey: string }> {
  const sha256 = sha256Of(`bytes of ${name}`);
  const record = await app.registry.table.get(keys.blob(sha256));
  return { sha256, storageKey: String(record?.storageKey) };
}

/** Puts other bytes under a key, as a broken disk would. */
async function replace(storageKey: string, content: string): Promise<void> {
  await app.registry.blobs.delete([storageKey]);
  await app.registry.blobs.put(storageKey, bytesOf(content));
}
