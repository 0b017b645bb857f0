import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockDirectory } from '../../../../services/adapters/embedded/directory-lock.ts';
import { makeDirectory } from '../../../../services/adapters/embedded/make-directory.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packhouse-directory-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('making a directory', () => {
  test('creates it with those above it, and accepts an existing one', async () => {
    const directory = join(folder, 'a', 'b');
    await makeDirectory(directory, 0o700);
    await makeDirectory(directory, 0o700);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('rejects a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(makeDirectory(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeDirectory(join(folder, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  test.runIf(process.platform === 'linux')('fails where none can be created, rather than never', async () => {
    await expect(makeDirectory('/proc/packhouse/data')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(lockDirectory('/proc/packhouse')).rejects.toThrow('where no directory can be created');
  });
});
