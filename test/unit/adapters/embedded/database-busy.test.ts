import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Committer, startCommitter } from '../../../../services/adapters/embedded/committer.ts';
import { openReader } from '../../../../services/adapters/embedded/database.ts';
import { embeddedTable } from '../../../../services/adapters/embedded/embedded-table.ts';
import { TableBusy } from '../../../../services/ports/table.ts';

let folder: string;
let file: string;
let committer: Committer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'packhouse-busy-'));
  file = join(folder, 'registry.sqlite');
  committer = await startCommitter(file, { busyTimeout: 1 });
});

afterEach(async () => {
  await committer.close();
  rmSync(folder, { recursive: true });
});

const key = { pk: 'a', sk: 'b' };

test('writes while another process holds the database are reported as TableBusy, and succeed later', async () => {
  const reader = openReader(file, 1);
  const table = embeddedTable({ name: 'registry', reader, committer, cacheBytes: 0 });
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const writes = [table.write([{ put: key }]), table.update({ pk: 'a', sk: 'c' }, { add: { count: 1 } })];
  for (const { reason } of (await Promise.allSettled(writes)) as PromiseRejectedResult[]) {
    expect(reason).toBeInstanceOf(TableBusy);
    expect(reason).toMatchObject({ mayBeWritten: false });
  }
  other.exec('ROLLBACK');
  other.close();
  await table.write([{ put: key }]);
  expect(await table.get(key)).toEqual(key);
  reader.close();
});

test('reads while another process holds the database exclusively are reported as TableBusy', async () => {
  const exclusive = join(folder, 'exclusive.sqlite');
  const maker = await startCommitter(exclusive, { busyTimeout: 1 });
  await maker.close();
  const other = new DatabaseSync(exclusive);
  other.exec('PRAGMA journal_mode = DELETE');
  const reader = openReader(exclusive, 1);
  const table = embeddedTable({ name: 'registry', reader, committer, cacheBytes: 0 });
  other.exec('BEGIN EXCLUSIVE');
  for (const read of [() => table.get(key), () => table.getMany([key]), () => table.query({ pk: 'a' })]) {
    await expect(read()).rejects.toBeInstanceOf(TableBusy);
  }
  other.exec('ROLLBACK');
  expect(await table.get(key)).toBeUndefined();
  reader.close();
  other.close();
});
