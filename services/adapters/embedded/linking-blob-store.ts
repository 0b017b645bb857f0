import { randomUUID } from 'node:crypto';
import { chmod, link, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobStore } from '../../ports/blob-store.ts';
import { blobPath, uploadPath } from './blob-paths.ts';
import { durableDirectories, syncDirectory } from './durable-directories.ts';

/** Why a file can't have one more link: another disk, too many, not allowed, or not known to the file system. */
const unlinkable: ReadonlySet<string> = new Set([
  'EXDEV',
  'EMLINK',
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
]);

/**
 * A blob store in `directory` for blobs that are already in the blob directory `from` under the same keys: they get
 * a second link instead of a copy, if the file system allows. `to` is the plain store of `directory`. A body is read to its
 * end, so that its sender can check it, before the blob is visible. The file is closed to other users.
 */
export function linkingBlobStore(directory: string, from: string, to: BlobStore): BlobStore {
  const ensureDirectory = durableDirectories(join(directory, 'blobs'));

  /** Returns whether there is a link now. */
  async function tryToLink(key: string, path: string): Promise<boolean> {
    try {
      await link(blobPath(from, key), path);
      return true;
    } catch (error) {
      if (unlinkable.has((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  }

  return {
    ...to,
    async put(key, body) {
      const path = uploadPath(directory, randomUUID());
      if (!(await tryToLink(key, path))) return to.put(key, body);
      try {
        let size = 0;
        for await (const chunk of body) size += chunk.byteLength;
        if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
        const target = blobPath(directory, key);
        await ensureDirectory(dirname(target));
        await rename(path, target);
        await syncDirectory(dirname(target));
        return { size };
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },
  };
}
