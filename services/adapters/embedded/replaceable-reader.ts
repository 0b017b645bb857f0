import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Reader } from './database.ts';

/** Reads with a connection that can be replaced by another one; prepared statements stay usable. */
export interface ReplaceableReader extends Reader {
  /** Closes the connection and opens the next one. If that fails, opens the one of `fallback` and throws. */
  replace(open: () => DatabaseSync, fallback: () => DatabaseSync): void;
  close(): void;
}

/** A reader that starts with the connection `first`. */
export function replaceableReader(first: DatabaseSync): ReplaceableReader {
  let connection = first;
  return {
    prepare(sql) {
      let prepared: { readonly on: DatabaseSync; readonly statement: StatementSync } = {
        on: connection,
        statement: connection.prepare(sql),
      };
      const current = () => {
        if (prepared.on !== connection) prepared = { on: connection, statement: connection.prepare(sql) };
        return prepared.statement;
      };
      return { get: (...values) => current().get(...values), all: (...values) => current().all(...values) };
    },
    replace(open, fallback) {
      connection.close();
      try {
        connection = open();
      } catch (error) {
        connection = fallback();
        throw error;
      }
    },
    close: () => connection.close(),
  };
}
