import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkBlobKey, checkRange, MAX_BLOB_PAGE } from '../../ports/blob-rules.ts';
import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';
import { endlessRoom, type Room } from '../../ports/room.ts';
import { blobInfo, blobsInOrder } from './blob-listing.ts';
import { blobPath, uploadPath } from './blob-paths.ts';
import { isMissing, openExisting, readBody } from './blob-reader.ts';
import { writeBody } from './blob-writer.ts';
import { diskFull, isDiskFull } from './disk-full.ts';
import { durableDirectories, syncDirectory } from './durable-directories.ts';

/** How many files are removed concurrently. */
const REMOVE_CONCURRENCY = 16;

/** How to open a blob directory. */
export interface FileBlobOptions {
  /** Create nothing and remove nothing. */
  readonly readOnly?: boolean | undefined;
  /** Without room here, no blobs are stored, whatever is free on the disk. */
  readonly room?: Room | undefined;
}

/**
 * A `BlobStore` of files: `<directory>/blobs/<key>`. An upload is written to a unique name in
 * `<directory>/uploads`, synced, and only then renamed to its key; leftovers of a crash are removed at startup. Only
 * their owner can read the files. No other process may write to the directory.
 */
export async function fileBlobStore(
  directory: string,
  { readOnly = false, room = endlessRoom }: FileBlobOptions = {},
): Promise<BlobStore> {
  const [root, uploads] = [join(directory, 'blobs'), join(directory, 'uploads')];
  if (!readOnly) {
    await mkdir(uploads, { recursive: true, mode: 0o700 });
    await removeFiles(await unfinishedIn(uploads)); // left by a crash
    await mkdir(root, { recursive: true, mode: 0o700 });
    await syncDirectory(directory);
  }
  const ensureDirectory = durableDirectories(root);

  async function upload(path: string, body: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await open(path, 'wx', 0o600);
    try {
      const size = await writeBody(file, whileThereIsRoom(body));
      await file.datasync();
      return size;
    } finally {
      await file.close();
    }
  }

  async function* whileThereIsRoom(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      if (room.isShort) throw diskFull(undefined);
      yield chunk;
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
      if (!(await room.hasRoom())) throw diskFull(undefined);
      const path = uploadPath(directory, randomUUID());
      try {
        const size = await upload(path, body);
        await publish(path, blobPath(directory, key));
        return { size };
      } catch (error) {
        await rm(path, { force: true });
        throw isDiskFull(error) ? diskFull(error) : error;
      }
    },
    async get(key, range) {
      checkBlobKey(key);
      const file = await openExisting(blobPath(directory, key));
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
      await removeFiles(keys.map((key) => blobPath(directory, key)));
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

/** The names of uploads: `randomUUID`. No other files are removed from a directory given by mistake. */
const uploadName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function unfinishedIn(uploads: string): Promise<string[]> {
  const names = await readdir(uploads);
  return names.filter((name) => uploadName.test(name)).map((name) => join(uploads, name));
}

async function removeFiles(paths: readonly string[]): Promise<void> {
  for (let at = 0; at < paths.length; at += REMOVE_CONCURRENCY) {
    await Promise.all(paths.slice(at, at + REMOVE_CONCURRENCY).map(removeFile));
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

/** Removes a file. Ignores absent paths and directories. */
async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const isDirectory =
      error instanceof Error && 'code' in error && (error.code === 'EISDIR' || error.code === 'EPERM');
    if (!isMissing(error) && !(isDirectory && (await stat(path)).isDirectory())) throw error;
  }
}
