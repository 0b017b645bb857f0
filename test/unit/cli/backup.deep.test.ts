import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Embedded, openEmbedded } from '../../../services/adapters/embedded/open-embedded.ts';
import { runCommand } from '../../../services/cli/run-command.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import { sweepBlobs } from '../../../services/registry/maintenance/collect/sweep-blobs.ts';
import { findHome, recordHome } from '../../../services/registry/maintenance/migrate/storage-home.ts';
import { publish, unpublish } from '../../kit/publish.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let folder: string;
let data: string;
let copy: string;
let stores: Embedded;
let app: TestApp;
let project: Project;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packhouse-backup-'));
  data = join(folder, 'data');
  copy = join(folder, 'copy');
  stores = await openEmbedded(data);
  const { table, audit, blobs, seal } = stores;
  app = await startApp({ stores: { table, audit, blobs, seal }, settings: { blobGrace: 0 } });
  project = await app.project('tools');
  await recordHome(table, { location: 'local' });
});
afterEach(async () => {
  await stores.close();
  await rm(folder, { recursive: true });
});

async function run(...line: string[]) {
  const output: string[] = [];
  const progress: string[] = [];
  const code = await runCommand(line, {
    environment: {},
    output: { write: (text) => output.push(text) },
    progress: { write: (text) => progress.push(text) },
    signal: new AbortController().signal,
  });
  return { code, output: output.join(''), progress: progress.join('') };
}

const backUp = (...flags: string[]) => run('backup', copy, '--data-dir', data, ...flags);
const backUpJson = async (...flags: string[]) => JSON.parse((await backUp('--json', ...flags)).output);
const restore = (to: string, ...flags: string[]) => run('restore', copy, '--data-dir', to, ...flags);
const add = (name: string) => publish(app.registry, project, name, `bytes of ${name}`);

/** Checks with `packhouse doctor` that a directory has a registry of this many files and no problems. */
async function expectSound(directory: string, files: number): Promise<void> {
  const check = JSON.parse((await run('doctor', '--data-dir', directory, '--verify', '--json')).output);
  expect(check).toMatchObject({ files, problems: [], records: { blobs: files }, verified: { blobs: files } });
}

/** The permissions of everything below a directory that its group or others have. */
async function openedTo(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  const found = await Promise.all(
    ['.', ...names].map(async (name) => ({ name, mode: (await stat(join(directory, name))).mode })),
  );
  return found.filter(({ mode }) => (mode & 0o077) !== 0).map(({ name }) => name);
}

describe('packhouse backup', () => {
  test('copies an open registry so that it can be checked and restored', async () => {
    for (const name of ['one', 'two']) await add(name);
    await stores.seal.seal(Buffer.from('key'), 'context');
    await writeFile(join(data, 'root-token'), 'phat-secret\n', { mode: 0o600 });
    const { code, output } = await backUp();
    expect([code, output]).toEqual([0, expect.stringMatching(/copied +2 \(24 B\)\n.*\nNo problems\.\n$/)]);
    await expectSound(copy, 2);
    expect(await openedTo(copy)).toEqual([]);
    const target = join(folder, 'restored');
    const restored = await restore(target);
    expect([restored.code, restored.output]).toEqual([0, expect.stringMatching(/copied +2 \(24 B\)/)]);
    await expectSound(target, 2);
    expect(await openedTo(target)).toEqual([]);
    for (const name of ['sealing.key', 'root-token']) {
      expect(await readFile(join(target, name), 'utf8')).toBe(await readFile(join(data, name), 'utf8'));
    }
    expect(existsSync(join(target, 'restore.json'))).toBe(false);
  });

  test('links the bytes on the same file system, and copies them when asked to', async () => {
    const { storageKey } = await add('one');
    const inodes = () =>
      Promise.all([data, copy].map(async (root) => (await stat(join(root, 'blobs', storageKey))).ino));
    await backUp();
    const [first, linked] = await inodes();
    expect(linked).toBe(first);
    await rm(copy, { recursive: true });
    await backUp('--copy');
    const [second, copied] = await inodes();
    expect(copied).not.toBe(second);
  });

  test('copies only what is new, and removes what the registry no longer has', async () => {
    await add('one');
    await backUp();
    await add('two');
    expect(await backUpJson()).toMatchObject({ blobs: { blobs: 2 }, copied: { blobs: 1 }, removed: 0 });
    await unpublish(app.registry, project, 'one');
    app.clock.advance(1);
    await sweepBlobs(app.registry);
    expect(await backUpJson()).toMatchObject({ blobs: { blobs: 1 }, copied: { blobs: 0 }, removed: 1 });
    await expectSound(copy, 1);
  });

  test('reports a damaged blob, is complete without it, and restores only when told to', async () => {
    const { storageKey } = await add('one');
    await add('two');
    const path = join(data, 'blobs', storageKey);
    await writeFile(path, 'altered bytes');
    const { code, output } = await backUp();
    expect([code, output]).toEqual([1, expect.stringContaining(`wrong-digest`)]);
    expect(output).toContain(storageKey);
    const target = join(folder, 'restored');
    const refused = await restore(target);
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('is not complete')]);
    await expect(openEmbedded(target)).rejects.toThrow(/not restored completely.*run packhouse restore/);
    expect((await restore(target, '--allow-missing')).code).toBe(1);
    await (await openEmbedded(target)).close();
  });

  test('finds bytes of an earlier backup that have changed since, and copies them again', async () => {
    const { storageKey } = await add('one');
    await backUp('--copy');
    await writeFile(join(copy, 'blobs', storageKey), 'bytes of two');
    expect(await backUpJson('--copy')).toMatchObject({ copied: { blobs: 0 } });
    expect(await backUpJson('--copy', '--verify')).toMatchObject({ copied: { blobs: 1 }, problems: [] });
    await expectSound(copy, 1);
  });

  test('finds damaged bytes that the backup shares with the registry', async () => {
    const { storageKey } = await add('one');
    await backUp();
    await writeFile(join(data, 'blobs', storageKey), 'bytes of two');
    expect((await backUp()).code).toBe(0);
    const { code, output } = await backUp('--verify');
    expect([code, output]).toEqual([1, expect.stringContaining('wrong-digest')]);
    expect((await restore(join(folder, 'restored'))).code).toBe(1);
  });

  test('records that the blobs are in the data directory, wherever the registry has them', async () => {
    await stores.close();
    await rm(data, { recursive: true });
    stores = await openEmbedded(data);
    const other = join(folder, 'other');
    const location = `file://${other}`;
    await recordHome(stores.table, { location });
    const blobs = await openEmbedded(other);
    app = await startApp({ stores: { table: stores.table, audit: stores.audit, blobs: blobs.blobs } });
    project = await app.project('tools');
    await add('one');
    const wrong = await backUp();
    expect([wrong.code, wrong.progress]).toEqual([2, expect.stringContaining(`--blob-dir ${other}`)]);
    expect((await backUp('--blob-dir', other)).code).toBe(0);
    await blobs.close();
    const restored = join(folder, 'restored');
    await restore(restored);
    const opened = await openEmbedded(restored);
    expect(await findHome(opened.table)).toEqual({ location: 'local' });
    await opened.close();
    await expectSound(restored, 1);
  });

  test('refuses a directory that is neither empty nor a backup, or that belongs to the registry', async () => {
    await mkdir(copy);
    await writeFile(join(copy, 'my.txt'), 'mine');
    for (const [directory, reason] of [
      [copy, 'neither empty nor a backup'],
      [data, 'must not contain each other'],
      [join(data, 'backup'), 'must not contain each other'],
      [folder, 'must not contain each other'],
    ] as const) {
      const { code, progress } = await run('backup', directory, '--data-dir', data);
      expect([code, progress]).toEqual([2, expect.stringContaining(reason)]);
    }
    expect(await readdir(copy)).toEqual(['my.txt']);
  });
});

describe('packhouse restore', () => {
  test('refuses a target with anything in it, and an unfinished backup', async () => {
    await add('one');
    await backUp();
    const target = join(folder, 'target');
    await mkdir(target);
    await writeFile(join(target, 'my.txt'), 'mine');
    expect(await restore(target)).toMatchObject({
      code: 2,
      progress: expect.stringContaining('is not empty'),
    });
    expect(await restore(data)).toMatchObject({ code: 2, progress: expect.stringContaining('is not empty') });
    const note = join(copy, 'backup.json');
    const text = await readFile(note, 'utf8');
    await writeFile(note, text.replace(/"finishedAt": "[^"]*"/, '"finishedAt": null'));
    const unfinished = await restore(join(folder, 'other'));
    expect(unfinished).toMatchObject({ code: 2, progress: expect.stringContaining('is not complete') });
  });

  test('continues its own unfinished restore, and no other', async () => {
    for (const name of ['one', 'two']) await add(name);
    await backUp();
    const target = join(folder, 'target');
    await restore(target);
    // As if it had been killed before the database came.
    await rm(join(target, 'packhouse.db'));
    await writeFile(join(target, 'restore.json'), JSON.stringify({ backup: '/somewhere/else' }));
    expect(await restore(target)).toMatchObject({
      code: 2,
      progress: expect.stringContaining('is being restored from /somewhere/else'),
    });
    await writeFile(join(target, 'restore.json'), JSON.stringify({ backup: copy }));
    const { output } = await restore(target, '--json');
    expect(JSON.parse(output)).toMatchObject({ restored: true, copied: { blobs: 0 }, problems: [] });
    await expectSound(target, 2);
  });

  test('notices a damaged database', async () => {
    await add('one');
    await backUp();
    const file = join(copy, 'packhouse.db');
    const bytes = await readFile(file);
    bytes.fill(0x55, 4096, 5 * 4096);
    await chmod(file, 0o600);
    await writeFile(file, bytes);
    const { code, progress } = await restore(join(folder, 'target'));
    expect([code, progress]).toEqual([1, expect.stringMatching(/damaged|malformed/)]);
  });
});
