import { mkdir } from 'node:fs/promises';
import type { BlobStore } from '../../ports/blob-store.ts';
import { lockDirectory } from './directory-lock.ts';
import { fileBlobStore } from './file-blob-store.ts';

/** Blobs in a directory of their own. `close` gives the directory back. */
export interface BlobDirectory {
  readonly blobs: BlobStore;
  close(): void;
}

/** Opens a directory of blobs, which is made when it is absent; throws `EBUSY` when another server has it open. */
export async function openBlobDirectory(directory: string): Promise<BlobDirectory> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const close = lockDirectory(directory);
  try {
    return { blobs: await fileBlobStore(directory), close };
  } catch (error) {
    close();
    throw error;
  }
}
