import { expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import { claimHome, findHome } from '../../../../services/registry/maintenance/migrate/storage-home.ts';
import { keys } from '../../../../services/registry/records/keys.ts';

/** Processes of an earlier release read and write the same records during a deployment. */
test('the storage location keeps the attribute that earlier releases read and write', async () => {
  const table = memoryTable();
  await claimHome(table, { location: 's3://one', from: 'local' });
  expect(await table.get(keys.storage())).toMatchObject({ place: 's3://one', from: 'local' });
  await table.write([{ put: { ...keys.storage(), place: 's3://two' } }]);
  expect(await findHome(table)).toEqual({ location: 's3://two', from: undefined });
  await claimHome(table, { location: 's3://three', from: 's3://two' });
  expect(await table.get(keys.storage())).toMatchObject({ place: 's3://three', from: 's3://two' });
});
