import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Answers a function that makes sure a directory below `root` is there and survives a power cut.
 * A directory that is there may still be unsaved, so each is saved once by this process before it is trusted.
 */
export function durableDirectories(root: string): (directory: string) => Promise<void> {
  const ready = new Map<string, Promise<void>>([[root, Promise.resolve()]]);

  async function prepare(directory: string): Promise<void> {
    const parent = dirname(directory);
    await ensure(parent);
    await mkdir(directory, { recursive: true });
    await syncDirectory(parent);
  }

  function ensure(directory: string): Promise<void> {
    const known = ready.get(directory);
    if (known) return known;
    const preparing = prepare(directory);
    ready.set(directory, preparing);
    preparing.catch(() => ready.delete(directory));
    return preparing;
  }

  return ensure;
}
