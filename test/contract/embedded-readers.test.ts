import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Embedded, openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZE = 3 * MIB;

let directory: string;
let opened: Embedded;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'packhouse-'));
  opened = await openEmbedded(directory);
  await opened.blobs.put('a/blob', [randomBytes(SIZE)] as never);
});
afterEach(async () => {
  await opened.close();
  await rm(directory, { recursive: true, force: true });
});

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function reader(): Promise<Reader> {
  return (await opened.blobs.get('a/blob'))!.body.getReader();
}

/** Readers that have read one piece and then stall, and the sizes of those pieces. */
async function stall(count: number): Promise<{ readers: Reader[]; pieces: number[] }> {
  const readers: Reader[] = [];
  const pieces: number[] = [];
  for (let n = 0; n < count; n++) {
    const each = await reader();
    readers.push(each);
    pieces.push((await each.read()).value?.byteLength ?? 0);
  }
  return { readers, pieces };
}

/** Reads to the end; returns the number of bytes read. */
async function drain(from: Reader): Promise<number> {
  let size = 0;
  for (;;) {
    const { done, value } = await from.read();
    if (done) return size;
    size += value.byteLength;
  }
}

/** How many blob files of the data directory this process has open; 0 where the system does not report it. */
async function openBlobs(): Promise<number> {
  if (!existsSync('/proc/self/fd')) return 0;
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((path) => path.startsWith(join(directory, 'blobs/'))).length;
}

describe('readers of blobs', () => {
  test('that provide no buffer get pieces of 64 KiB', async () => {
    const { readers, pieces } = await stall(500);
    expect(new Set(pieces)).toEqual(new Set([64 * KIB]));
    expect(await drain(readers[0]!)).toBe(SIZE - 64 * KIB);
    await Promise.all(readers.map((each) => each.cancel()));
  });

  test('close the file when they finish, cancel, or cancel during a read', async () => {
    const { readers } = await stall(150);
    const endings = [
      (each: Reader) => drain(each),
      (each: Reader) => each.cancel(),
      // Cancelled in the middle of a read.
      (each: Reader) => Promise.all([each.read(), each.cancel()]),
    ];
    await Promise.all(readers.map((each, n) => endings[n % endings.length]!(each)));
    expect(await openBlobs()).toBe(0);
  });

  test('close the file of a small blob once they have all its bytes', async () => {
    await opened.blobs.put('a/small', [randomBytes(1000)] as never);
    const content = await opened.blobs.get('a/small');
    const small = content!.body.getReader();
    expect((await small.read()).value?.byteLength).toBe(1000);
    expect(await openBlobs()).toBe(0);
    expect((await small.read()).done).toBe(true);
  });
});
