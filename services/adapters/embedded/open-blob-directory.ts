import type { BlobStore } from '../../ports/blob-store.ts';
import { lockDirectory } from './directory-lock.ts';
import { type FileBlobOptions, fileBlobStore } from './file-blob-store.ts';

/** Blobs in a separate directory. `close` releases it. */
export interface BlobDirectory {
  readonly blobs: BlobStore;
  close(): void;
}

/**
 * Opens a blob directory, creating it if absent.
 * @throws Error `EBUSY` when another server has it open
 */
export async function openBlobDirectory(
  directory: string,
  options?: FileBlobOptions,
): Promise<BlobDirectory> {
  const close = await lockDirectory(directory);
  try {
    return { blobs: await fileBlobStore(directory, options), close };
  } catch (error) {
    close();
    throw error;
  }
}
