import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BlobContent, BlobStore, ByteRange } from '../../services/ports/blob-store.ts';

/** A blob store opened for the suite, and the function that closes it. */
export interface OpenedBlobStore {
  readonly blobs: BlobStore;
  close(): Promise<void>;
}

/** Checks every promise of the `BlobStore` port. `open` is called once; tests use keys of their own. */
export function describeBlobStore(name: string, open: () => Promise<OpenedBlobStore>): void {
  describe(`BlobStore contract: ${name}`, () => {
    let opened: OpenedBlobStore;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    const blobs = () => opened.blobs;
    describe('blobs', () => blobCases(blobs));
    describe('failures', () => failureCases(blobs));
    describe('ranges', () => rangeCases(blobs));
    describe('lists', () => listCases(blobs));
  });
}

type Opened = () => BlobStore;

function aKey(): string {
  const id = randomUUID();
  return `test/${id.slice(0, 2)}/${id}`;
}

function blobCases(blobs: Opened): void {
  test.each([0, 1, 100, 65_536, 262_144, 262_145, 1_000_000])(
    'stores and returns a blob of %i bytes',
    async (size) => {
      const key = aKey();
      const bytes = randomBytes(size);
      const before = Date.now();
      expect(await blobs().put(key, chunksOf(bytes))).toEqual({ size });
      const content = await blobs().get(key);
      expect(content).toMatchObject({ key, size });
      expect(await sha256(content)).toBe(createHash('sha256').update(bytes).digest('hex'));
      const info = await blobs().head(key);
      expect(info).toMatchObject({ key, size });
      expect(Math.abs(info!.modifiedAt - before)).toBeLessThan(600_000);
    },
  );

  test('streams 20 MB in and out', async () => {
    const key = aKey();
    const hash = createHash('sha256');
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 320; n++) {
        const chunk = new Uint8Array(65_536).fill(n % 251);
        hash.update(chunk);
        yield chunk;
      }
    }
    expect(await blobs().put(key, body())).toEqual({ size: 320 * 65_536 });
    expect(await sha256(await blobs().get(key))).toBe(hash.digest('hex'));
  });

  test('stores every byte of a body of many tiny and empty chunks', async () => {
    const key = aKey();
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 2000; n++) yield n % 7 === 0 ? new Uint8Array(0) : new Uint8Array([n % 256]);
    }
    const { size } = await blobs().put(key, body());
    expect(size).toBe(1714);
    expect((await bytesOf(await blobs().get(key))).byteLength).toBe(1714);
  });

  test('a blob can be read again after a reader stopped early', async () => {
    const key = aKey();
    await blobs().put(key, chunksOf(randomBytes(2_000_000)));
    const content = await blobs().get(key);
    const reader = content!.body.getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
    await (await blobs().get(key))!.body.cancel();
    expect((await bytesOf(await blobs().get(key))).byteLength).toBe(2_000_000);
  });

  test('returns undefined for an absent blob, and deletes it without an error', async () => {
    const [absent, present] = [aKey(), aKey()];
    expect(await blobs().get(absent)).toBeUndefined();
    expect(await blobs().head(absent)).toBeUndefined();
    expect(await blobs().get(absent, { start: 0, end: 0 })).toBeUndefined();
    await blobs().put(present, chunksOf(randomBytes(10)));
    await blobs().delete([absent, present, aKey()]);
    expect(await blobs().head(present)).toBeUndefined();
    expect(await blobs().get(present)).toBeUndefined();
    await blobs().delete([present]);
    await blobs().delete([]);
  });

  test('deletes more than 1,000 keys in one call', async () => {
    const keys = Array.from({ length: 1100 }, aKey);
    const kept = keys.filter((_, n) => n % 100 === 0);
    await Promise.all(kept.map((key) => blobs().put(key, chunksOf(randomBytes(1)))));
    await blobs().delete(keys);
    expect(await Promise.all(kept.map((key) => blobs().head(key)))).toEqual(kept.map(() => undefined));
  });

  test('concurrent puts of different blobs do not mix their bytes', async () => {
    const sizes = Array.from({ length: 24 }, (_, n) => n * 20_011);
    const made = sizes.map((size) => ({ key: aKey(), bytes: randomBytes(size) }));
    await Promise.all(made.map(({ key, bytes }) => blobs().put(key, chunksOf(bytes))));
    const read = await Promise.all(made.map(async ({ key }) => bytesOf(await blobs().get(key))));
    expect(read.map((bytes, n) => Buffer.compare(bytes, made[n]!.bytes))).toEqual(made.map(() => 0));
  });

  test('concurrent puts under one key store one of the bodies completely', async () => {
    const key = aKey();
    const bodies = Array.from({ length: 8 }, (_, n) => Buffer.alloc(300_000, n));
    const puts = await Promise.allSettled(bodies.map((bytes) => blobs().put(key, chunksOf(bytes))));
    expect(puts.some(({ status }) => status === 'fulfilled')).toBe(true);
    const bytes = await bytesOf(await blobs().get(key));
    expect(bodies.some((body) => Buffer.compare(body, bytes) === 0)).toBe(true);
  });

  test('a link is a URL or undefined', async () => {
    const key = aKey();
    await blobs().put(key, chunksOf(randomBytes(10)));
    const link = await blobs().link(key, { method: 'GET', lifetime: 60 });
    if (link !== undefined) expect(URL.canParse(link)).toBe(true);
  });
}

function failureCases(blobs: Opened): void {
  test.each([0, 1, 100_000, 10_000_000])(
    'stores nothing of a body that fails after %i bytes',
    async (size) => {
      const key = aKey();
      async function* body(): AsyncGenerator<Uint8Array> {
        yield* chunksOf(randomBytes(size));
        throw new Error('the client went away');
      }
      await expect(blobs().put(key, body())).rejects.toThrow('the client went away');
      expect(await blobs().head(key)).toBeUndefined();
      expect(await blobs().get(key)).toBeUndefined();
      expect((await blobs().list({ prefix: key })).blobs).toEqual([]);
      await blobs().put(key, chunksOf(randomBytes(5)));
      expect(await blobs().head(key)).toMatchObject({ size: 5 });
    },
  );

  test('a blob is not visible before it is complete', async () => {
    const key = aKey();
    const seen: unknown[] = [];
    async function* body(): AsyncGenerator<Uint8Array> {
      yield randomBytes(400_000);
      seen.push(
        await blobs().head(key),
        await blobs().get(key),
        ...(await blobs().list({ prefix: key })).blobs,
      );
      yield randomBytes(400_000);
      seen.push(await blobs().head(key));
    }
    await blobs().put(key, body());
    expect(seen).toEqual([undefined, undefined, undefined]);
    expect(await blobs().head(key)).toMatchObject({ size: 800_000 });
  });

  test('dropUnfinished does not drop an upload that is still running', async () => {
    const key = aKey();
    const before = Date.now() - 3_600_000;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield randomBytes(9_000_000);
      expect(await blobs().dropUnfinished({ prefix: 'test/', before })).toBe(0);
      yield randomBytes(1_000_000);
    }
    expect(await blobs().put(key, body())).toEqual({ size: 10_000_000 });
    expect(await blobs().dropUnfinished({ prefix: 'test/', before: Date.now() + 3_600_000 })).toBe(0);
    expect(await blobs().head(key)).toMatchObject({ size: 10_000_000 });
  });

  test.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '..',
    '../a',
    'a/../b',
    'a/./b',
    '.a',
    'a\\b',
    'a\0',
    'A',
    'ü',
    'a b',
    'a/'.repeat(600),
  ])('rejects the key %j', async (key) => {
    await expect(blobs().put(key, chunksOf(randomBytes(1)))).rejects.toThrow();
    await expect(blobs().get(key)).rejects.toThrow();
    await expect(blobs().head(key)).rejects.toThrow();
    await expect(blobs().delete([key])).rejects.toThrow();
  });
}

function rangeCases(blobs: Opened): void {
  const size = 1_000_003;
  const bytes = randomBytes(size);
  const key = aKey();
  beforeAll(() => blobs().put(key, chunksOf(bytes)));

  const ranges: ByteRange[] = [
    { start: 0, end: 0 },
    { start: 0, end: 99 },
    { start: 0, end: size - 1 },
    { start: 1, end: size - 2 },
    { start: 65_535, end: 65_536 },
    { start: 65_536, end: 700_000 },
    { start: size - 1, end: size - 1 },
    { start: size - 300_000, end: size - 1 },
  ];
  test.each(ranges)('reads bytes $start to $end', async (range) => {
    const content = await blobs().get(key, range);
    expect(content).toMatchObject({ key, size });
    const expected = bytes.subarray(range.start, range.end + 1);
    expect(Buffer.compare(await bytesOf(content), expected)).toBe(0);
  });

  test('reads a range of a small blob', async () => {
    const small = aKey();
    await blobs().put(small, chunksOf(Buffer.from('0123456789')));
    const content = await blobs().get(small, { start: 3, end: 5 });
    expect(content).toMatchObject({ size: 10 });
    expect((await bytesOf(content)).toString()).toBe('345');
  });

  test('rejects a range that starts past the end', async () => {
    await expect(blobs().get(key, { start: size, end: size })).rejects.toThrow();
  });
}

function listCases(blobs: Opened): void {
  test('lists blobs in key order, by prefix and after a key', async () => {
    const root = `list-${randomUUID()}`;
    const names = [
      'a',
      'a-b',
      'a.b',
      'aa/b',
      'ab/c/d',
      'ab/c/e',
      'ab/c-d',
      'ab-c',
      'b/0',
      'b/1',
      'b/10',
      'b/2',
      'b/a/a',
      'b_',
      'c',
    ];
    const keys = names.map((name) => `${root}/${name}`).sort();
    await Promise.all(keys.map((key, n) => blobs().put(key, chunksOf(randomBytes(n)))));
    const { blobs: all, more } = await blobs().list({ prefix: `${root}/` });
    expect(all.map(({ key }) => key)).toEqual(keys);
    expect(more).toBe(false);
    for (const { key, size, modifiedAt } of all)
      expect(await blobs().head(key)).toMatchObject({ key, size, modifiedAt });
    for (const prefix of ['a', 'ab', 'ab/', 'ab/c', 'b/1', 'b/a/', 'c', 'd', 'ab/c/d/x']) {
      const listed = await blobs().list({ prefix: `${root}/${prefix}` });
      expect(listed.blobs.map(({ key }) => key)).toEqual(
        keys.filter((key) => key.startsWith(`${root}/${prefix}`)),
      );
    }
    for (const after of [
      ...keys,
      `${root}/ab/c`,
      `${root}/ab/`,
      `${root}/b`,
      `${root}/b/10/x`,
      `${root}/zz`,
    ]) {
      const listed = await blobs().list({ prefix: `${root}/`, after });
      expect(listed.blobs.map(({ key }) => key)).toEqual(keys.filter((key) => key > after));
    }
  });

  test('lists 2,100 blobs in pages of at most 1,000', async () => {
    const root = `list-${randomUUID()}`;
    const keys = Array.from(
      { length: 2100 },
      (_, n) => `${root}/${String(n % 64).padStart(2, '0')}/${n}`,
    ).sort();
    for (let at = 0; at < keys.length; at += 100) {
      await Promise.all(keys.slice(at, at + 100).map((key) => blobs().put(key, chunksOf(randomBytes(1)))));
    }
    const listed: string[] = [];
    const sizes: number[] = [];
    for (let more = true; more; ) {
      const after = listed.at(-1);
      const page = await blobs().list({ prefix: `${root}/`, ...(after !== undefined && { after }) });
      listed.push(...page.blobs.map(({ key }) => key));
      sizes.push(page.blobs.length);
      more = page.more;
    }
    expect(listed).toEqual(keys);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });

  test('lists blobs under any prefix when none is given', async () => {
    const key = aKey();
    await blobs().put(key, chunksOf(randomBytes(1)));
    const { blobs: found } = await blobs().list({ after: key.slice(0, -1) });
    expect(found[0]).toMatchObject({ key, size: 1 });
    expect((await blobs().list()).blobs.length).toBeGreaterThan(0);
  });
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function bytesOf(content: BlobContent | undefined): Promise<Buffer> {
  return Buffer.from(await new Response(content!.body).arrayBuffer());
}

async function sha256(content: BlobContent | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content!.body) hash.update(chunk);
  return hash.digest('hex');
}
