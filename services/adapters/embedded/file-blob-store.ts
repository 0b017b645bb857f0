import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkBlobKey, checkRange, MAX_BLOB_PAGE } from '../../ports/blob-rules.ts';
import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';
import { blobInfo, blobsInOrder } from './blob-listing.ts';
import { isMissing, openExisting, readBody } from './blob-reader.ts';
import { writeBody } from './blob-writer.ts';
import { diskFull, isDiskFull } from './disk-full.ts';
import { durableDirectories, syncDirectory } from './durable-directories.ts';

/** How many files are removed at a time. */
const REMOVE_AT_ONCE = 16;

/** How a directory of blobs is opened. */
export interface FileBlobOptions {
  /** To be read only: nothing is made that is not there, and nothing removed. */
  readonly asFound?: boolean | undefined;
}

/**
 * A `BlobStore` of files: `<directory>/blobs/<key>`. An upload grows under a name of its own in
 * `<directory>/uploads`, is saved, and only then gets its name; what a crash left there is removed at the start.
 * The directory must be this process's own.
 */
export async function fileBlobStore(
  directory: string,
  { asFound = false }: FileBlobOptions = {},
): Promise<BlobStore> {
  const [root, uploads] = [join(directory, 'blobs'), join(directory, 'uploads')];
  if (!asFound) {
    await mkdir(uploads, { recursive: true });
    await removeFiles(await unfinishedIn(uploads)); // what a crash left
    await mkdir(root, { recursive: true });
    await syncDirectory(directory);
  }
  const ensureDirectory = durableDirectories(root);

  async function upload(path: string, body: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await open(path, 'wx');
    try {
      const size = await writeBody(file, body);
      await file.datasync();
      return size;
    } finally {
      await file.close();
    }
  }

  async function publish(upload: string, path: string): Promise<void> {
    await ensureDirectory(dirname(path));
    await rename(upload, path);
    await syncDirectory(dirname(path));
  }

  return {
    async put(key, body) {
      checkBlobKey(key);
      const path = join(uploads, randomUUID());
      try {
        const size = await upload(path, body);
        await publish(path, join(root, key));
        return { size };
      } catch (error) {
        await rm(path, { force: true });
        throw isDiskFull(error) ? diskFull(error) : error;
      }
    },
    async get(key, range) {
      checkBlobKey(key);
      const file = await openExisting(join(root, key));
      if (!file) return undefined;
      try {
        const found = await file.stat();
        if (!found.isFile()) return await file.close().then(() => undefined);
        const { size, mtimeMs } = found;
        if (range) checkRange(range, size);
        const [start, end] = range ? [range.start, range.end + 1] : [0, size];
        const body = await readBody(file, start, end - start);
        return { key, size, modifiedAt: Math.floor(mtimeMs), body };
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    async head(key) {
      checkBlobKey(key);
      return blobInfo(root, key);
    },
    async delete(keys) {
      for (const key of keys) checkBlobKey(key);
      await removeFiles(keys.map((key) => join(root, key)));
    },
    async list({ prefix = '', after = '' } = {}) {
      const blobs: BlobInfo[] = [];
      for await (const info of blobsInOrder(root, prefix, after)) {
        if (blobs.length === MAX_BLOB_PAGE) return { blobs, more: true };
        blobs.push(info);
      }
      return { blobs, more: false };
    },
    async dropUnfinished({ before }) {
      const paths = await unfinishedIn(uploads);
      const old = await Promise.all(paths.map((path) => isOlder(path, before)));
      const left = paths.filter((_, index) => old[index]);
      await removeFiles(left);
      return left.length;
    },
    async link() {
      return undefined;
    },
  };
}

/** The names of uploads: `randomUUID`. A directory that was named by mistake loses nothing else. */
const uploadName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function unfinishedIn(uploads: string): Promise<string[]> {
  const names = await readdir(uploads);
  return names.filter((name) => uploadName.test(name)).map((name) => join(uploads, name));
}

async function removeFiles(paths: readonly string[]): Promise<void> {
  for (let at = 0; at < paths.length; at += REMOVE_AT_ONCE) {
    await Promise.all(paths.slice(at, at + REMOVE_AT_ONCE).map(removeFile));
  }
}

/** Whether a file was last written before a time, in milliseconds since the epoch. */
async function isOlder(path: string, time: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < time;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Removes a file; a path without one, be it absent or a directory, is none of its business. */
async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const isDirectory =
      error instanceof Error && 'code' in error && (error.code === 'EISDIR' || error.code === 'EPERM');
    if (!isMissing(error) && !(isDirectory && (await stat(path)).isDirectory())) throw error;
  }
}
