import { randomBytes, randomUUID } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Seal } from '../../ports/seal.ts';
import { SEALING_KEY_BYTES, sealWith } from '../../ports/seal-rules.ts';
import { remember } from '../../shared/remember.ts';
import { syncDirectory } from './durable-directories.ts';

/** The file in the data directory with the sealing key, in hex. */
export const SEALING_KEY_FILE = 'sealing.key';

/**
 * A seal whose key is a file in `directory` that only its owner can read. The file is created, atomically, when
 * something is first sealed or opened.
 */
export function fileSeal(directory: string): Seal {
  const path = join(directory, SEALING_KEY_FILE);
  return sealWith(remember(() => readOrMake(directory, path)));
}

async function readOrMake(directory: string, path: string): Promise<Uint8Array> {
  return (await readKey(path)) ?? (await makeKey(directory, path));
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) throw new Error(`${path} is readable by other users: run chmod 600 on it`);
    const text = (await file.readFile('utf8')).trim();
    if (!/^[0-9a-f]+$/.test(text) || text.length !== 2 * SEALING_KEY_BYTES) {
      throw new Error(`${path} does not contain a sealing key: restore it from a backup`);
    }
    return Buffer.from(text, 'hex');
  } finally {
    await file.close();
  }
}

/** Writes a key to a temporary file and links it to its name, which only one process can do. */
async function makeKey(directory: string, path: string): Promise<Uint8Array> {
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(SEALING_KEY_BYTES).toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  await syncDirectory(directory);
  const key = await readKey(path);
  if (!key) throw new Error(`${path} was removed`);
  return key;
}
