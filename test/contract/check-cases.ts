import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Project } from '../../services/domain/accounts.ts';
import type { Sha256 } from '../../services/domain/digests.ts';
import { metadataType } from '../../services/domain/metadata.ts';
import type { BlobStore } from '../../services/ports/blob-store.ts';
import { stageBytes } from '../../services/registry/blobs/stage-blob.ts';
import { newBlobKey } from '../../services/registry/blobs/storage-keys.ts';
import { type CheckOptions, checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { addFiles } from '../../services/registry/packages/add-files.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { named } from '../kit/names.ts';
import { bytesOf, keeping, publish, sha256Of, unpublish } from '../kit/publish.ts';
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
    describe('metadata', metadataCases);
  });
}

function soundCases(): void {
  test('counts files, records and stored blobs, and reports no problem', async () => {
    await publish(app.registry, project, 'same', 'bytes of one');
    const check = await checked({ verify: true });
    expect(check).toEqual({
      versions: 4,
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
    const { storageKey, sha256 } = await blobOf('one');
    await app.registry.blobs.delete([storageKey]);
    expect((await checked()).problems).toEqual([
      { kind: 'missing', sha256, storageKey, detail: '12 bytes', files: [fileLabel] },
    ]);
  });

  test('reports bytes of the wrong size', async () => {
    const { storageKey } = await blobOf('one');
    await replace(storageKey, 'short');
    expect((await checked()).problems).toMatchObject([
      { kind: 'wrong-size', storageKey, detail: '5 bytes, not 12', files: [fileLabel] },
    ]);
  });

  test('reports different bytes of the same size when it reads all bytes, and only then', async () => {
    const { storageKey, sha256 } = await blobOf('one');
    await replace(storageKey, 'bytes of ONE');
    expect((await checked()).problems).toEqual([]);
    const detail = `their SHA-256 is ${sha256Of('bytes of ONE')}`;
    expect((await checked({ verify: true })).problems).toEqual([
      { kind: 'wrong-digest', sha256, storageKey, detail, files: [fileLabel] },
    ]);
  });

  test('reports unreadable bytes when it reads all bytes, and checks the rest', async () => {
    const { storageKey, sha256 } = await blobOf('two');
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
    const { storageKey, sha256 } = await blobOf('one');
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
    const { storageKey, sha256 } = await blobOf('one');
    await app.registry.table.write([{ delete: keys.blob(sha256) }]);
    await app.registry.blobs.delete([storageKey]);
    expect((await checked()).problems).toEqual([
      { kind: 'no-record', sha256, storageKey, detail: '', files: [fileLabel] },
    ]);
  });

  test('reports a file whose storage key differs from that of the record', async () => {
    const { storageKey, sha256 } = await blobOf('one');
    const ref = { projectId: project.id, format: 'generic', name: named.package('one') };
    const elsewhere = newBlobKey();
    await app.registry.table.update(keys.file(ref, named.version('1'), named.identity('a.bin')), {
      set: { storageKey: elsewhere },
    });
    const { problems } = await checked();
    expect(problems).toContainEqual({
      kind: 'wrong-key',
      sha256,
      storageKey: elsewhere,
      detail: `the record says ${storageKey}`,
      files: [fileLabel],
    });
  });

  test('stops after enough problems and reports that it is incomplete', async () => {
    for (const name of ['one', 'two', 'three']) {
      await app.registry.blobs.delete([(await blobOf(name)).storageKey]);
    }
    const { problems, complete } = await checked({ enough: 2, concurrency: 1 });
    expect([complete, problems.length >= 2]).toEqual([false, true]);
    expect((await checked({ enough: 4 })).complete).toBe(true);
  });

  test('reports several defects together', async () => {
    const [one, two] = [await blobOf('one'), await blobOf('two')];
    await app.registry.blobs.delete([one.storageKey]);
    await app.registry.table.update(keys.blob(two.sha256), { add: { refs: 5 } });
    await replace((await blobOf('three')).storageKey, '');
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

/** Layout 1 of the metadata had one author, layout 2 has a list. */
const versionMetadata = metadataType(z.object({ authors: z.array(z.string()) }), {
  layout: 2,
  upgrade: (stored) => ({ authors: [z.object({ author: z.string() }).parse(stored).author] }),
});
const fileMetadata = metadataType(z.object({ needs: z.string() }));
const subpackageMetadata = metadataType(z.object({ prefix: z.string() }));

function metadataCases(): void {
  const ref = (name: string) => ({ projectId: project.id, format: 'generic', name: named.package(name) });
  const versionKey = keys.version;
  const good = { metadata: { authors: ['Jo'] }, layout: 2 };
  const damaged = { metadata: { authors: 'Jo' }, layout: 2 };
  const inOne = {
    kind: 'unreadable-metadata',
    project: 'acme/tools',
    format: 'generic',
    package: 'one',
    version: '1',
  };

  beforeEach(async () => {
    for (const name of ['one', 'two', 'three']) await store(name, good);
  });

  async function store(
    name: string,
    set: { readonly metadata?: object | string | undefined; readonly layout?: number | undefined },
  ) {
    await app.registry.table.update(versionKey(ref(name), named.version('1')), { set: { ...set } as never });
  }

  /** Checks with a format that has metadata, and calls `meanwhile` before suspects are read again. */
  function check(options: Partial<CheckOptions> = {}, meanwhile?: () => Promise<void>) {
    const { blobs } = app.registry;
    const list: BlobStore['list'] = async (range) => {
      await meanwhile?.();
      return blobs.list(range);
    };
    const formats = async () => [{ ...keeping, metadata: versionMetadata, fileMetadata, subpackageMetadata }];
    const registry = { ...app.registry, formats, blobs: { ...blobs, list } };
    return checkStorage(registry, { verify: false, concurrency: 4, ...options });
  }

  test('of the current layout and of an older one is no problem, nor are fields that a later release added', async () => {
    await store('one', { metadata: { author: 'Jo' }, layout: undefined });
    await store('two', { metadata: { authors: [], added: 'later' }, layout: 2 });
    expect(await check()).toMatchObject({ versions: 3, problems: [] });
  });

  test.each([
    ['without a field', { metadata: {} }, 'authors: Invalid input: expected array, received undefined'],
    [
      'with a field of another type',
      { metadata: { authors: 'Jo' } },
      'authors: Invalid input: expected array, received string',
    ],
    ['that is a text', { metadata: 'garbage' }, 'Invalid input: expected object, received string'],
    ['that is gone', { metadata: undefined }, 'Invalid input: expected object, received undefined'],
    [
      'of an older layout that lacks a field',
      { metadata: {}, layout: undefined },
      'author: Invalid input: expected string, received undefined',
    ],
    ['of a newer layout', { layout: 3 }, 'unknown layout 3; this version of Packhouse reads layouts up to 2'],
  ])('%s is reported with its package and the reason', async (_case, set, detail) => {
    await store('one', set);
    expect((await check()).problems).toEqual([{ ...inOne, detail }]);
  });

  test('of a file is reported with the name of the file', async () => {
    const fileKey = keys.file(ref('one'), named.version('1'), named.file('a.bin'));
    await app.registry.table.update(fileKey, { set: { metadata: { needs: '>=3.9' } } });
    expect((await check()).problems).toEqual([]);
    await app.registry.table.update(fileKey, { set: { metadata: { needs: 3 } } });
    const detail = 'needs: Invalid input: expected string, received number';
    expect((await check()).problems).toEqual([{ ...inOne, file: 'a.bin', detail }]);
    await app.registry.table.update(fileKey, { set: { metadata: { needs: '' }, layout: 2 } });
    expect((await check()).problems).toMatchObject([
      { file: 'a.bin', detail: expect.stringContaining('layout 2') },
    ]);
  });

  test('of a subpackage is reported with its umbrella, which may have no versions', async () => {
    const blob = await stageBytes(app.registry, Buffer.from('part'));
    const files = [{ fileName: named.file('a.bin'), contentType: 'a/b', blob }];
    const actor = { kind: 'user', id: 1, name: 'root' } as const;
    const part = {
      project,
      actor,
      format: keeping,
      name: named.package('all/part'),
      version: named.version('1'),
      ...good,
      files,
    };
    await addFiles(app.registry, {
      ...part,
      umbrella: { name: named.package('all'), metadata: { prefix: 'part' } },
    });
    await store('all/part', good);
    expect(await check()).toMatchObject({ versions: 4, problems: [] });
    await app.registry.table.update(keys.subpackage(ref('all'), named.package('all/part')), {
      set: { metadata: {} },
    });
    const detail = 'prefix: Invalid input: expected string, received undefined';
    const { version: _, ...about } = inOne;
    expect((await check()).problems).toEqual([{ ...about, package: 'all', subpackage: 'all/part', detail }]);
    await unpublish(app.registry, project, 'all/part');
    expect((await check()).problems).toEqual([]);
  });

  test('names the first of many invalid fields', async () => {
    await store('one', { metadata: { authors: [1, 2, 3, 4, 5] } });
    const field = (index: number) => `authors.${index}: Invalid input: expected string, received number`;
    const detail = `${field(0)}; ${field(1)}; ${field(2)}; and 2 more`;
    expect((await check()).problems).toEqual([{ ...inOne, detail }]);
  });

  test('is not checked once a version, file or project is removed', async () => {
    await store('one', damaged);
    const fileKey = keys.file(ref('one'), named.version('1'), named.file('a.bin'));
    await app.registry.table.update(fileKey, { set: { metadata: {} } });
    expect((await check()).problems).toHaveLength(2);
    const registry = { ...app.registry, settings: { ...app.registry.settings, retention: day } };
    await unpublish(registry, project, 'one');
    expect((await check()).problems).toEqual([]);
    await store('two', damaged);
    const item = await app.registry.table.get(keys.project(project.id));
    await app.registry.table.write([
      { delete: keys.project(project.id) },
      { put: { ...keys.removedProject(project.id), id: project.id, fullPath: String(item?.fullPath) } },
    ]);
    expect(await check()).toMatchObject({ versions: 0, files: 3, problems: [] });
  });

  test('is no problem if it is repaired or removed during the check', async () => {
    await store('one', damaged);
    await store('two', damaged);
    const repair = async () => {
      await store('one', good);
      await unpublish(app.registry, project, 'two').catch(() => {});
    };
    expect((await check({}, repair)).problems).toEqual([]);
  });

  test('stops after enough problems, and the blobs are checked all the same', async () => {
    for (const name of ['one', 'two', 'three']) await store(name, damaged);
    await app.registry.blobs.delete([(await blobOf('one')).storageKey]);
    const { problems, complete } = await check({ enough: 2, concurrency: 1 });
    expect(problems.map(({ kind }) => kind)).toEqual([
      'missing',
      'unreadable-metadata',
      'unreadable-metadata',
    ]);
    expect(complete).toBe(false);
    expect(await check({ enough: 4 })).toMatchObject({ complete: true });
  });
}

function checked(options: Partial<CheckOptions> = {}) {
  return checkStorage(app.registry, { verify: false, concurrency: 4, ...options });
}

async function blobOf(name: string): Promise<{ sha256: Sha256; storageKey: string }> {
  const sha256 = sha256Of(`bytes of ${name}`);
  const record = await app.registry.table.get(keys.blob(sha256));
  return { sha256, storageKey: String(record?.storageKey) };
}

/** Puts other bytes under a key, as a broken disk would. */
async function replace(storageKey: string, content: string): Promise<void> {
  await app.registry.blobs.delete([storageKey]);
  await app.registry.blobs.put(storageKey, bytesOf(content));
}
