import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isBlobKey } from '../../ports/blob-rules.ts';
import type { BlobInfo } from '../../ports/blob-store.ts';
import { isMissing } from './blob-reader.ts';

/** Lists the blobs below `root` in key order, by prefix and after a key. Only reads the directories it needs. */
export async function* blobsInOrder(root: string, prefix: string, after: string): AsyncGenerator<BlobInfo> {
  yield* walk(root, '', prefix, after);
}

async function* walk(root: string, folder: string, prefix: string, after: string): AsyncGenerator<BlobInfo> {
  for (const name of await namesIn(join(root, folder))) {
    const key = folder + name;
    if (name.endsWith('/')) {
      const mayMatch = key.startsWith(prefix) || prefix.startsWith(key);
      const mayFollow = key > after || after.startsWith(key);
      if (mayMatch && mayFollow) yield* walk(root, key, prefix, after);
    } else if (key.startsWith(prefix) && key > after && isBlobKey(key)) {
      const info = await blobInfo(root, key);
      if (info) yield info;
    }
  }
}

/** The metadata of a blob, or undefined if it does not exist. */
export async function blobInfo(root: string, key: string): Promise<BlobInfo | undefined> {
  try {
    const found = await stat(join(root, key));
    return found.isFile() ? { key, size: found.size, modifiedAt: Math.floor(found.mtimeMs) } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The names in a directory in key order; directories end in a slash. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
