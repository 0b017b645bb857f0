import { open, rm } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { createPrivate } from './create-private.ts';

/** How many pages to copy at a time. */
const PAGES_AT_ONCE = 1_000;

/** How long to wait while another process holds the database, in milliseconds. */
const BUSY_TIMEOUT = 30_000;

/** The bytes of a page of the database. */
export const PAGE_BYTES = 4096;

/** The progress of a copy, in pages of `PAGE_BYTES`. */
export interface CopiedPages {
  readonly done: number;
  readonly total: number;
}

/**
 * Copies a database as it is at one moment, while other processes may write to it. An existing copy is replaced; only
 * its owner can read it. The copy is durable once `closeCopy` has checked it.
 */
export async function copyDatabase(
  from: string,
  to: string,
  onProgress: (copied: CopiedPages) => void = () => {},
): Promise<void> {
  for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(to + suffix, { force: true });
  await createPrivate(to);
  const source = new DatabaseSync(from, { timeout: BUSY_TIMEOUT });
  try {
    // Within a transaction the copy does not start anew when another process writes.
    source.exec('PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema');
    await backup(source, to, {
      rate: PAGES_AT_ONCE,
      progress: ({ totalPages, remainingPages }) =>
        onProgress({ done: totalPages - remainingPages, total: totalPages }),
    });
  } finally {
    source.close();
  }
}

/**
 * Makes a copy that nobody has open a single, durable file that can be read from a read-only disk, and checks it.
 * @throws Error when it is damaged
 */
export async function closeCopy(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA journal_mode = DELETE');
    checkIntegrity(database, file);
  } finally {
    database.close();
  }
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Checks a closed database. @throws Error when it is damaged */
export function checkDatabase(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    checkIntegrity(database, file);
  } finally {
    database.close();
  }
}

function checkIntegrity(database: DatabaseSync, file: string): void {
  const [first] = database.prepare('PRAGMA quick_check(1)').all();
  if (first?.quick_check !== 'ok') throw new Error(`${file} is damaged: ${first?.quick_check}`);
}
