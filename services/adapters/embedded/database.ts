import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { itemSchema } from './item-rows.ts';
import { QUEUE_SCHEMA } from './queue-rows.ts';

/** The number of pages (4 KB each) in the write-ahead log at which a commit copies them into the database file. */
const CHECKPOINT_PAGES = 4000;

/** The size, in bytes, to which a larger write-ahead log is truncated. */
const LOG_BYTES = 64 * 1024 * 1024;

/** How long a connection waits while another process holds the database, in milliseconds. */
const BUSY_TIMEOUT = 5000;

/** Makes a connection read-only, and reads so that it fails here if it can't. */
const READING = 'PRAGMA query_only = ON; PRAGMA cache_size = -32768; SELECT count(*) FROM sqlite_schema;';

/** What items and messages are read with: a connection, or several in turn. */
export interface Reader {
  prepare(sql: string): {
    get(...values: SQLInputValue[]): Record<string, unknown> | undefined;
    all(...values: SQLInputValue[]): Record<string, unknown>[];
  };
}

/**
 * Opens the writing connection, creating the database if absent. Its commits are durable. `timeout` is how long it waits
 * while another process holds the database, in milliseconds.
 */
export function openWriter(file: string, timeout = BUSY_TIMEOUT): DatabaseSync {
  return withPragmas(
    new DatabaseSync(file, { timeout }),
    `
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${LOG_BYTES};
    PRAGMA cache_size = -32768;
    PRAGMA temp_store = MEMORY;
    ${itemSchema('registry')}
    ${itemSchema('audit')}
    ${QUEUE_SCHEMA}`,
  );
}

/** Opens a read-only connection, which sees all durable commits. */
export function openReader(file: string, timeout = BUSY_TIMEOUT): DatabaseSync {
  return withPragmas(new DatabaseSync(file, { timeout }), READING);
}

/**
 * Opens a read-only connection that needs no space: it keeps the index of the write-ahead log in memory. No other
 * connection can use the database until it is closed.
 */
export function openSpacelessReader(file: string): DatabaseSync {
  return withPragmas(new DatabaseSync(file), `PRAGMA locking_mode = EXCLUSIVE; ${READING}`);
}

/** Runs statements on a new connection, which is closed if they fail. */
function withPragmas(database: DatabaseSync, statements: string): DatabaseSync {
  try {
    database.exec(statements);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
