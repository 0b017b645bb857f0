import { TableBusy } from '../../ports/table.ts';

/** SQLite's codes for a database, or a table of it, that another connection holds. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** Whether SQLite gave up because another connection, usually of another process, held the database. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return false;
  // The low byte is the code; the rest is detail.
  const code = error.errcode & 0xff;
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/**
 * Runs a read.
 * @throws TableBusy when another connection held the database for too long
 */
export function unlessBusy<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isBusy(error) ? new TableBusy(error) : error;
  }
}
