import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What is wrong with a directory that can't be used, by the code of the error. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'is no directory',
  ENOTDIR: 'is below something that is no directory',
  EACCES: "can't be written to by this user",
  EPERM: "can't be written to by this user",
  EROFS: 'is on a file system that can only be read',
};

/**
 * Takes a directory for this process, making it when it is absent, and answers how to give it back; throws `EBUSY` when
 * another has it, and says so when it is none or can't be written to.
 *
 * The lock is SQLite's on an empty file: the operating system drops it with the process, however that ends,
 * and it also holds between two openings in one process. Node itself has no call for it.
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const reason = reasons[code];
    throw reason ? Object.assign(new Error(`${directory} ${reason}`, { cause }), { code }) : cause;
  }
  const database = new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    const message = `${directory} is in use by another server; a directory serves one at a time`;
    throw Object.assign(new Error(message, { cause }), { code: 'EBUSY' });
  }
  return () => database.close();
}
