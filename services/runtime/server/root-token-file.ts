import { open, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeDirectory } from '../../adapters/embedded/make-directory.ts';

/** The file in the data directory with the generated root token of a server that nobody watched starting. */
export const ROOT_TOKEN_FILE = 'root-token';

/**
 * Writes the root token into a file that only its owner can read, in place of an older one. Returns its path.
 */
export async function keepRootToken(directory: string, secret: string): Promise<string> {
  const path = resolve(join(directory, ROOT_TOKEN_FILE));
  await makeDirectory(directory, 0o700);
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${secret}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
}
