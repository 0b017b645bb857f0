import { DatabaseSync } from 'node:sqlite';
import { itemSchema } from './item-rows.ts';
import { QUEUE_SCHEMA } from './queue-rows.ts';

/** Pages in the write-ahead log (4 KB each) before a commit copies them into the database file. */
const CHECKPOINT_PAGES = 4000;

/** The bytes the write-ahead log is cut back to after it grew beyond them. */
const LOG_BYTES = 64 * 1024 * 1024;

/** Opens the connection that writes, making the database when there is none. A commit on it is durable. */
export function openWriter(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000 });
  database.exec(`
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${LOG_BYTES};
    PRAGMA cache_size = -32768;
    ${itemSchema('registry')}
    ${itemSchema('audit')}
    ${QUEUE_SCHEMA}`);
  return database;
}

/** Opens a connection that only reads; it sees every commit that has been made durable. */
export function openReader(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000 });
  database.exec('PRAGMA query_only = ON; PRAGMA cache_size = -32768;');
  return database;
}
