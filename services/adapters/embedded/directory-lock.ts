import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Takes a directory for this process and answers how to give it back; throws `EBUSY` when another has it.
 *
 * The lock is SQLite's on an empty file: the operating system drops it with the process, however that ends,
 * and it also holds between two openings in one process. Node itself has no call for it.
 */
export function lockDirectory(directory: string): () => void {
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
