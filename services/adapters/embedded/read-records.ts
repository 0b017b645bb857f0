import type { TableReader } from '../../ports/table.ts';
import { openReader } from './database.ts';
import { isBusy } from './database-busy.ts';
import { embeddedTable } from './embedded-table.ts';

/** Records that are only read. */
export interface ReadRecords {
  readonly table: TableReader;
  close(): void;
}

/**
 * Opens the records in a database file for reading, while another process may write to it.
 * @throws Error `EBUSY` when another process uses it alone, as a server does that has no space to open it otherwise
 */
export function readRecords(file: string): ReadRecords {
  const reader = openToRead(file);
  const refuse = async () => Promise.reject(new Error('the records were opened for reading'));
  const committer = { commit: refuse, failed: new Promise<Error>(() => {}), close: async () => {} };
  // A cache would not notice what the other process writes.
  return {
    table: embeddedTable({ name: 'registry', reader, committer, cacheBytes: 0 }),
    close: () => reader.close(),
  };
}

function openToRead(file: string) {
  try {
    return openReader(file);
  } catch (cause) {
    if (!isBusy(cause)) throw cause;
    const message = `${file} is used by another process alone; a server does that on a full disk: make room first`;
    throw Object.assign(new Error(message, { cause }), { code: 'EBUSY' });
  }
}
