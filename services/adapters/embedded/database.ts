import { DatabaseSync } from 'node:sqlite';
import { itemSchema } from './item-rows.ts';
import { QUEUE_SCHEMA } from './queue-rows.ts';

/** The number of pages (4 KB each) in the write-ahead log at which a commit copies them into the database file. */
const CHECKPOINT_PAGES = 4000;

/** The size, in bytes, to which a larger write-ahead log is truncated. */
const LOG_BYTES = 64 * 1024 * 1024;

/** How long a connection waits while another process holds the database, in milliseconds. */
const BUSY_TIMEOUT = 5000;

/**
 * Opens the writing connection, creating the database if absent. Its commits are durable. `timeout` is how long it waits
 * while another process holds the database, in milliseconds.
 */
export function openWriter(file: string, timeout = BUSY_TIMEOUT): DatabaseSync {
  const database = new DatabaseSync(file, { timeout });
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

/** Opens a read-only connection, which sees all durable commits. */
export function openReader(file: string, timeout = BUSY_TIMEOUT): DatabaseSync {
  const database = new DatabaseSync(file, { timeout });
  database.exec('PRAGMA query_only = ON; PRAGMA cache_size = -32768;');
  return database;
}
