import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the entries of a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Returns a function that ensures that a directory below `root` exists and survives a power failure. An existing
 * directory may not be durable yet, so this process syncs each directory once before relying on it.
 */
export function durableDirectories(root: string): (directory: string) => Promise<void> {
  const ready = new Map<string, Promise<void>>([[root, Promise.resolve()]]);

  async function prepare(directory: string): Promise<void> {
    const parent = dirname(directory);
    await ensure(parent);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await syncDirectory(parent);
  }

  function ensure(directory: string): Promise<void> {
    const pending = ready.get(directory);
    if (pending) return pending;
    const preparing = prepare(directory);
    ready.set(directory, preparing);
    preparing.catch(() => ready.delete(directory));
    return preparing;
  }

  return ensure;
}
