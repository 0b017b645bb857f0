import type { Table } from '../../../ports/table.ts';
import type { BlobRecord } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { moveHome } from '../migrate/storage-home.ts';

/**
 * Makes copied records agree with the copied blobs: these are in the data directory itself, and records without files
 * whose blobs were swept meanwhile are deleted as the sweep did.
 */
export async function settleCopy(table: Table, unreferenced: readonly BlobRecord[]): Promise<void> {
  await moveHome(table, 'local');
  for (const { sha256 } of unreferenced) {
    await table.write([{ delete: keys.blob(sha256), when: { equals: { refs: 0 } } }]);
  }
}
