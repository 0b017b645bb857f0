import type { Table } from '../../ports/table.ts';
import { embeddedTable } from './embedded-table.ts';
import { openDatabase } from './open-database.ts';

/** Records in a database file that no server uses. */
export interface RecordsFile {
  readonly table: Table;
  close(): Promise<void>;
}

/** Opens the records in a database file that no other process uses. */
export async function openRecordsFile(file: string): Promise<RecordsFile> {
  const { reader, committer, close } = await openDatabase(file, { readOnly: true });
  return { table: embeddedTable({ name: 'registry', reader, committer, cacheBytes: 0 }), close };
}
