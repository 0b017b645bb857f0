import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPrivate } from './create-private.ts';
import { isBusy } from './database-busy.ts';
import { makeDirectory } from './make-directory.ts';

/** Reasons why a directory can't be used, by error code. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'is not a directory',
  ENOENT: 'is where no directory can be created',
  ENOTDIR: 'is in a path that is not a directory',
  EACCES: 'is not writable for this user',
  EPERM: 'is not writable for this user',
  EROFS: 'is on a read-only file system',
};

/**
 * Locks a directory for this process, creating it if absent, and returns a function that releases it.
 *
 * The lock is SQLite's lock of an empty file: the operating system drops it with the process, however that ends,
 * and it also works between two openings in one process. Node has no file locks.
 * @throws Error `EBUSY` when it is locked; other codes when it is not a writable directory
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  try {
    await makeDirectory(directory, 0o700);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const reason = reasons[code];
    throw reason ? Object.assign(new Error(`${directory} ${reason}`, { cause }), { code }) : cause;
  }
  const path = join(directory, 'lock');
  await createPrivate(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // A journal in a file would need space on the disk.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    const message = `${directory} is in use by another server; a directory can only be used by one at a time`;
    throw Object.assign(new Error(message, { cause }), { code: 'EBUSY' });
  }
  return () => database.close();
}
