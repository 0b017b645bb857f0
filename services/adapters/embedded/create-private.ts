import { open } from 'node:fs/promises';

/**
 * Creates a file that only its owner can use, unless it exists. An existing one is not even opened: closing it again would
 * drop the locks that this process has on it.
 */
export async function createPrivate(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
