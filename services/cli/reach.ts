import type { BlobStore } from '../ports/blob-store.ts';
import { CommandFailed } from './command.ts';

/**
 * Lists blobs so that a wrong endpoint or missing permission is reported early, with the storage location.
 * @throws CommandFailed when the store can't be read
 */
export async function reach(location: string, blobs: BlobStore): Promise<void> {
  try {
    await blobs.list();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(`${location} can't be read: ${reason}`, { cause });
  }
}
