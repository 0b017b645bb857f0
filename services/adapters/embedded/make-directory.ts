import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a directory and those above it, unless they exist. Node's own way of doing that never returns where nothing can
 * be created, as in /proc.
 * @throws Error `ENOENT` where no directory can be created, `EEXIST` when it is a file
 */
export async function makeDirectory(directory: string, mode?: number): Promise<void> {
  try {
    await makeOne(directory, mode);
  } catch (error) {
    const parent = dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) throw error;
    await makeDirectory(parent, mode);
    await makeOne(directory, mode);
  }
}

async function makeOne(directory: string, mode?: number): Promise<void> {
  try {
    await mkdir(directory, { mode });
  } catch (error) {
    // A single level: the rest exists, and only a file there is an error.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await mkdir(directory, { recursive: true });
  }
}
