import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCommitter } from '../../../../services/adapters/embedded/committer.ts';
import { openReader } from '../../../../services/adapters/embedded/database.ts';
import { embeddedTable } from '../../../../services/adapters/embedded/embedded-table.ts';
import { givingWay } from '../../../../services/adapters/embedded/give-way.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'packhouse-turns-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Counts the turns of the event loop that other work gets while `work` runs. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let running = true;
  const count = () => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  await work();
  running = false;
  return turns;
}

test('a query of a long range gives way to other work between its parts', async () => {
  const file = join(directory, 'packhouse.db');
  const committer = await startCommitter(file);
  const reader = openReader(file);
  const parts = { name: 'registry', reader, committer, cacheBytes: 1000 } as const;
  const table = embeddedTable({ ...parts, longestTurn: 0 });
  for (let start = 0; start < 900; start += 100) {
    const puts = Array.from({ length: 100 }, (_, n) => ({
      put: { pk: 'p', sk: String(start + n).padStart(4, '0') },
    }));
    await table.write(puts);
  }
  let keys: string[] = [];
  const turns = await turnsDuring(async () => {
    const page = await table.query({ pk: 'p', limit: 850 });
    keys = page.items.map(({ sk }) => sk);
    expect(page.more).toBe(true);
  });
  expect(keys).toEqual(Array.from({ length: 850 }, (_, n) => String(n).padStart(4, '0')));
  expect(turns).toBeGreaterThanOrEqual(8);
  const patient = embeddedTable({ ...parts, longestTurn: 60_000 });
  expect(await turnsDuring(() => patient.query({ pk: 'p' }))).toBeLessThan(3);
  await committer.close();
  reader.close();
});

test('work that has not taken its turn does not give way', async () => {
  const giveWay = givingWay(60_000);
  expect(
    await turnsDuring(async () => {
      for (let n = 0; n < 100; n++) await giveWay();
    }),
  ).toBe(0);
});
