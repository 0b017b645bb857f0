import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileSeal, SEALING_KEY_FILE } from '../../services/adapters/embedded/file-seal.ts';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { memorySeal } from '../../services/adapters/memory/memory-seal.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { describeSeal } from './seal-contract.ts';
import { describeSigner } from './signer-contract.ts';

async function directory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'packhouse-seal-'));
}

describeSeal('memory', async () => {
  const seal = memorySeal();
  return { open: () => seal, other: memorySeal, close: async () => {} };
});

describeSeal('a data directory', async () => {
  const [one, two] = [await directory(), await directory()];
  return {
    open: () => fileSeal(one),
    other: () => fileSeal(two),
    async close() {
      for (const each of [one, two]) await rm(each, { recursive: true });
    },
  };
});

describeSigner('memory', async () => {
  const seal = memorySeal();
  return { table: memoryTable(), seal: () => seal, close: async () => {} };
});

describeSigner('a data directory', async () => {
  const folder = await directory();
  const { table, close } = await openEmbedded(folder);
  return {
    table,
    seal: () => fileSeal(folder),
    close: () => close().then(() => rm(folder, { recursive: true })),
  };
});

test('the key file is made once, for its owner only, and no temporary file is left behind', async () => {
  const folder = await directory();
  await Promise.all(Array.from({ length: 8 }, () => fileSeal(folder).seal(Buffer.from('x'), 'x')));
  expect(await readdir(folder)).toEqual([SEALING_KEY_FILE]);
  expect((await stat(join(folder, SEALING_KEY_FILE))).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});

test('a key file that is invalid or readable by others is rejected with instructions', async () => {
  const folder = await directory();
  const path = join(folder, SEALING_KEY_FILE);
  await fileSeal(folder).seal(Buffer.from('x'), 'x');
  await chmod(path, 0o640);
  await expect(fileSeal(folder).seal(Buffer.from('x'), 'x')).rejects.toThrow(/chmod 600/);
  await chmod(path, 0o600);
  await writeFile(path, 'abc\n');
  await expect(fileSeal(folder).seal(Buffer.from('x'), 'x')).rejects.toThrow(/restore it from a backup/);
  await rm(folder, { recursive: true });
});
