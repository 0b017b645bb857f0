import type { BlobStore } from '../ports/blob-store.ts';
import { CommandFailed } from './command.ts';

/** Asks a store for blobs, so that a wrong address or a missing right is told at once, and of which place. */
export async function reach(place: string, blobs: BlobStore): Promise<void> {
  try {
    await blobs.list();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(`${place} can't be read: ${reason}`, { cause });
  }
}
