import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { itemCache } from '../../services/adapters/embedded/item-cache.ts';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { Message } from '../../services/ports/queue.ts';
import type { FullDiskReport } from '../kit/full-disk-child.ts';
import { canMountDisks, onSmallDisk } from '../kit/small-disk.ts';

const kit = join(import.meta.dirname, '../kit');
const quiet = '--disable-warning=ExperimentalWarning';
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'packhouse-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a data directory', () => {
  test('keeps items, blobs and messages when it is reopened', async () => {
    const first = await openEmbedded(directory);
    const item = { pk: 'p', sk: 's', bytes: new Uint8Array([1, 2, 3]), list: [1] };
    await first.table.write([{ put: item }]);
    await first.audit.write([{ put: { pk: 'a', sk: 's' } }]);
    await first.blobs.put('a/b', [Buffer.from('bytes')] as never);
    await first.queue('work', { retryAfter: 0, maxAttempts: 1 }).send(['one']);
    await first.close();
    const second = await openEmbedded(directory);
    expect(await second.table.get(item)).toEqual(item);
    expect(await second.table.get({ pk: 'a', sk: 's' })).toBeUndefined();
    expect(await second.audit.get({ pk: 'a', sk: 's' })).toEqual({ pk: 'a', sk: 's' });
    expect(await second.blobs.head('a/b')).toMatchObject({ size: 5 });
    expect((await take(second, 'work')).body).toBe('one');
    await second.close();
  });

  test('drops unfinished uploads when it is reopened, and keeps other files', async () => {
    await (await openEmbedded(directory)).close();
    await writeFile(join(directory, 'uploads', randomUUID()), 'bytes');
    await writeFile(join(directory, 'uploads', 'my.pdf'), 'of someone who named a wrong directory');
    const opened = await openEmbedded(directory);
    expect(await readdir(join(directory, 'uploads'))).toEqual(['my.pdf']);
    await opened.close();
  });

  test('drops abandoned uploads, and keeps recent ones and other files', async () => {
    const opened = await openEmbedded(directory);
    const [old, fresh] = [randomUUID(), randomUUID()];
    for (const name of [old, fresh, 'other']) await writeFile(join(directory, 'uploads', name), 'bytes');
    const yesterday = new Date(Date.now() - 24 * 3_600_000);
    for (const name of [old, 'other']) await utimes(join(directory, 'uploads', name), yesterday, yesterday);
    const before = Date.now() - 3_600_000;
    expect(await opened.blobs.dropUnfinished({ prefix: 'blobs/', before })).toBe(1);
    expect((await readdir(join(directory, 'uploads'))).sort()).toEqual([fresh, 'other'].sort());
    await opened.close();
  });

  test('is created with its parent directories if it does not exist', async () => {
    const opened = await openEmbedded(join(directory, 'not', 'yet'));
    await opened.table.write([{ put: { pk: 'p', sk: 's' } }]);
    await opened.close();
  });

  test('cannot be opened a second time in one process until it is closed', async () => {
    const first = await openEmbedded(directory);
    await expect(openEmbedded(directory)).rejects.toThrow(/in use by another server/);
    await first.table.write([{ put: { pk: 'p', sk: 's' } }]);
    await first.close();
    await (await openEmbedded(directory)).close();
  });

  test('cannot be opened while another process has it; killing that releases it and the message it had taken', async () => {
    const child = spawn(process.execPath, [quiet, join(kit, 'holding-child.ts'), directory]);
    await once(child.stdout, 'data');
    await expect(openEmbedded(directory)).rejects.toThrow(/in use by another server/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const opened = await openEmbedded(directory);
    expect(await take(opened, 'work')).toMatchObject({ body: 'work', attempt: 2 });
    await opened.close();
  });

  test('can be opened again after opening it failed halfway', async () => {
    await writeFile(join(directory, 'packhouse.db'), 'not a database, but long enough to be looked at');
    await expect(openEmbedded(directory)).rejects.toThrow(/not a database/);
    await rm(join(directory, 'packhouse.db'));
    await (await openEmbedded(directory)).close();
  });

  test('rejects writes with a clear error after it was closed', async () => {
    const opened = await openEmbedded(directory);
    await opened.close();
    await expect(opened.table.write([{ put: { pk: 'p', sk: 's' } }])).rejects.toThrow('the store is closed');
    await opened.close();
  });
});

test('writes requested before a close are durable when it returns', async () => {
  const first = await openEmbedded(directory);
  const writes = Array.from({ length: 600 }, (_, n) =>
    first.table.update({ pk: 'p', sk: `s ${n}` }, { set: { n } }),
  );
  await Promise.all([first.close(), ...writes]);
  const second = await openEmbedded(directory);
  expect((await second.table.query({ pk: 'p' })).items).toHaveLength(600);
  await second.close();
});

test('a sweep removes expired items, also from the cache, and no others', async () => {
  const opened = await openEmbedded(directory);
  const now = Math.floor(Date.now() / 1000);
  const times = { past: now - 1000, future: now + 1000, never: undefined };
  for (const [sk, expiresAt] of Object.entries(times))
    await opened.table.write([{ put: { pk: 'p', sk, expiresAt } }]);
  const keys = Array.from({ length: 1200 }, (_, n) => ({ pk: 'many', sk: `s ${n}`, expiresAt: 1 }));
  for (let at = 0; at < keys.length; at += 100)
    await opened.table.write(keys.slice(at, at + 100).map((put) => ({ put })));
  expect(await opened.table.get({ pk: 'p', sk: 'past' })).toBeDefined();
  await opened.sweep();
  expect(await opened.table.get({ pk: 'p', sk: 'past' })).toBeUndefined();
  expect((await opened.table.query({ pk: 'p' })).items.map(({ sk }) => sk)).toEqual(['future', 'never']);
  expect((await opened.table.query({ pk: 'many' })).items).toEqual([]);
  await opened.close();
});

test('queues with different names are separate, and those with the same name share their messages', async () => {
  const opened = await openEmbedded(directory);
  const options = { retryAfter: 0, maxAttempts: 1 };
  const taken = take(opened, 'a');
  await opened.queue('b', options).send(['for b']);
  await opened.queue('a', options).send(['for a']);
  expect((await taken).body).toBe('for a');
  expect((await take(opened, 'b')).body).toBe('for b');
  await opened.close();
});

test('a handled message whose deletion failed is deleted when the queue is consumed again', async () => {
  const opened = await openEmbedded(directory);
  const other = new DatabaseSync(join(directory, 'packhouse.db'), { timeout: 5000 });
  other.exec("CREATE TRIGGER held BEFORE DELETE ON messages BEGIN SELECT RAISE(ABORT, 'held'); END");
  const queue = opened.queue('work', { retryAfter: 0, maxAttempts: 3 });
  await queue.send(['first']);
  const stopping = new AbortController();
  const seen: string[] = [];
  const handle = async ({ body }: Message) => {
    seen.push(body);
    if (body === 'last') stopping.abort();
  };
  await expect(queue.consume(handle, stopping.signal)).rejects.toThrow('held');
  other.exec('DROP TRIGGER held');
  await queue.send(['last']);
  await queue.consume(handle, stopping.signal);
  expect(seen).toEqual(['first', 'last']);
  expect(other.prepare('SELECT count(*) AS count FROM messages').get()).toEqual({ count: 0 });
  other.close();
  await opened.close();
});

test('other files among the blobs are not listed', async () => {
  const opened = await openEmbedded(directory);
  await opened.blobs.put('blobs/0a/0a11', [Buffer.from('bytes')] as never);
  const root = join(directory, 'blobs');
  await mkdir(join(root, 'blobs/0a/.AppleDouble'));
  for (const name of [
    '.DS_Store',
    'blobs/0a/.0a11.Ab12Cd',
    'blobs/0a/0a11 (copy)',
    'blobs/0a/.AppleDouble/x',
  ])
    await writeFile(join(root, name), 'foreign');
  const { blobs } = await opened.blobs.list();
  expect(blobs.map(({ key }) => key)).toEqual(['blobs/0a/0a11']);
  await opened.close();
});

test('a key that is the folder of other blobs is not a blob', async () => {
  const opened = await openEmbedded(directory);
  await opened.blobs.put('a/b/c', [Buffer.from('bytes')] as never);
  expect(await opened.blobs.get('a/b')).toBeUndefined();
  expect(await opened.blobs.head('a/b')).toBeUndefined();
  await opened.blobs.delete(['a/b', 'a']);
  expect(await opened.blobs.head('a/b/c')).toBeDefined();
  expect(await opened.blobs.head('a/b/c/d')).toBeUndefined();
  await opened.blobs.delete(['a/b/c/d']);
  await opened.close();
});

test('a large blob is read into the buffers that its reader provides', async () => {
  const opened = await openEmbedded(directory);
  const bytes = randomBytes(1_000_000);
  await opened.blobs.put('a/b', [bytes] as never);
  const content = await opened.blobs.get('a/b', { start: 100, end: 899_999 });
  const reader = content!.body.getReader({ mode: 'byob' });
  const read: Uint8Array[] = [];
  for (let room = 1; ; room = (room * 7) % 300_007) {
    const { done, value } = await reader.read(new Uint8Array(room));
    if (done) break;
    expect(value.buffer.byteLength).toBe(room);
    read.push(value);
  }
  expect(Buffer.concat(read).equals(bytes.subarray(100, 900_000))).toBe(true);
  await opened.close();
});

test('the item cache stays within its size and keeps items that are used', () => {
  const cache = itemCache(100_000);
  const key = (n: number) => ({ pk: 'p', sk: `item ${n}` });
  cache.set(key(0), { ...key(0) }, 1000);
  for (let n = 1; n < 1000; n++) {
    cache.set(key(n), undefined, 1000);
    expect(cache.get(key(0))?.item).toEqual(key(0));
  }
  const kept = Array.from({ length: 1000 }, (_, n) => key(n)).filter((each) => cache.get(each));
  expect(kept.length).toBeGreaterThan(30);
  expect(kept.length).toBeLessThan(100);
  for (const each of kept) cache.delete(each);
  expect(kept.filter((each) => cache.get(each))).toEqual([]);
});

test.skipIf(!canMountDisks)(
  'on a full disk writes fail clearly and reads work, and writes work again once there is space',
  async () => {
    const disk = join(directory, 'disk');
    await mkdir(disk);
    const child = [process.execPath, quiet, join(kit, 'full-disk-child.ts'), join(disk, 'data')];
    const [program = '', ...args] = onSmallDisk(disk, 12, child);
    const { stdout } = await promisify(execFile)(program, args);
    const report: FullDiskReport = JSON.parse(stdout);
    for (const kind of ['item', 'queue', 'blob']) {
      expect(report.refused[kind]).toEqual({
        code: 'ENOSPC',
        message: 'the disk is full; nothing was written',
      });
    }
    expect(report.found).toEqual(report.acknowledged.toSorted());
    expect(report.acknowledged).toContain('after');
    expect(report.uploadsWhenFull).toEqual([]);
    expect(report.blobsWhenFull).toEqual(['ballast']);
    expect(report.handled).toEqual(['before', 'after']);
  },
);

/** Takes the next message of a queue and acknowledges it. */
async function take(opened: Awaited<ReturnType<typeof openEmbedded>>, name: string): Promise<Message> {
  const stop = new AbortController();
  const taken: Message[] = [];
  await opened.queue(name, { retryAfter: 0, maxAttempts: 3 }).consume(async (message) => {
    taken.push(message);
    stop.abort();
  }, stop.signal);
  return taken[0]!;
}
