import { spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { BlobStore } from '../../services/ports/blob-store.ts';
import type { Item, Query, Table } from '../../services/ports/table.ts';
import type { Acknowledged } from '../kit/crash-child.ts';

const CRASHES = 25;
const PACKAGES = ['package 0', 'package 1', 'package 2'];

test('a killed server loses no acknowledged write and leaves no partial write', {
  timeout: 120_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-'));
  const acknowledged: Acknowledged[] = [];
  const checked = new Set<string>();
  for (let run = 0; run < CRASHES; run++) {
    acknowledged.push(...(await publishUntilKilled(directory, run)));
    const { table, blobs, close } = await openEmbedded(directory);
    await expectConsistent(table, blobs, acknowledged, checked);
    expect(await readdir(join(directory, 'uploads'))).toEqual([]);
    await close();
    expect(integrityOf(directory)).toEqual({ integrity_check: 'ok' });
  }
  expect(acknowledged.length).toBeGreaterThan(CRASHES);
  await rm(directory, { recursive: true });
});

/** Runs the child and kills it at a random moment; returns the publishes that were acknowledged to it. */
async function publishUntilKilled(directory: string, run: number): Promise<Acknowledged[]> {
  const script = join(import.meta.dirname, '../kit/crash-child.ts');
  const arguments_ = ['--disable-warning=ExperimentalWarning', script, directory, String(run)];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged: Acknowledged[] = [];
  const killAfter = randomInt(1, 120);
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(JSON.parse(line));
    if (acknowledged.length !== killAfter) continue;
    for (let turns = randomInt(300); turns > 0; turns--) await new Promise(setImmediate);
    child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

async function expectConsistent(
  table: Table,
  blobs: BlobStore,
  acknowledged: readonly Acknowledged[],
  checked: Set<string>,
): Promise<void> {
  const published = (await Promise.all(PACKAGES.map((pk) => expectPackage(table, pk)))).flat();
  const ids = new Set(published.map(({ id }) => id));
  expect(acknowledged.filter(({ id }) => !ids.has(id))).toEqual([]);
  const events = await all(table, { pk: 'events' });
  expect(events.map(({ sk }) => sk)).toEqual([...ids].sort());
  const blobItems = await all(table, { pk: 'blobs', index: 'index1' });
  expect(blobItems.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const stored = await storedKeys(blobs);
  expect(published.filter(({ key }) => !stored.includes(key))).toEqual([]);
  for (const key of stored) {
    if (!checked.has(key)) await expectBytes(blobs, key);
    checked.add(key);
  }
}

/** Checks that every version has its file and is counted; returns their ids and the keys of their blobs. */
async function expectPackage(table: Table, pk: string): Promise<{ id: string; key: string }[]> {
  const versions = await all(table, { pk, prefix: 'version ' });
  const files = await all(table, { pk, prefix: 'file ' });
  const published = versions.map(({ sk, key }) => ({ id: sk.slice('version '.length), key: String(key) }));
  expect(files.map(({ sk, key }) => ({ id: sk.slice('file '.length), key }))).toEqual(published);
  const head = await table.get({ pk, sk: 'head' });
  expect(head?.versions ?? 0).toBe(versions.length);
  return published;
}

/** Checks the bytes of a blob against the digest its key begins with. */
async function expectBytes(blobs: BlobStore, key: string): Promise<void> {
  const hash = createHash('sha256');
  const content = await blobs.get(key);
  for await (const chunk of content!.body) hash.update(chunk);
  expect(key).toContain(`/${hash.digest('hex')}.`);
}

async function storedKeys(blobs: BlobStore): Promise<string[]> {
  const keys: string[] = [];
  for (let more = true; more; ) {
    const page = await blobs.list({ after: keys.at(-1) ?? '' });
    keys.push(...page.blobs.map(({ key }) => key));
    more = page.more;
  }
  return keys;
}

async function all(table: Table, query: Query): Promise<Item[]> {
  const items: Item[] = [];
  for (let more = true; more; ) {
    const last = items.at(-1);
    const after = query.index ? last?.index1sk : last?.sk;
    const page = await table.query({ ...query, ...(after !== undefined && { after }) });
    items.push(...page.items);
    more = page.more;
  }
  return items;
}

function integrityOf(directory: string): unknown {
  const database = new DatabaseSync(join(directory, 'packhouse.db'));
  try {
    return { ...database.prepare('PRAGMA integrity_check').get() };
  } finally {
    database.close();
  }
}
