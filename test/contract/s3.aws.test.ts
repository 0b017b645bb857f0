import { createHash } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListPartsCommandOutput,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openAws } from '../../services/adapters/aws/open-aws.ts';
import { openS3 } from '../../services/adapters/aws/open-s3.ts';
import { s3BlobStore } from '../../services/adapters/aws/s3-blob-store.ts';
import type { BlobStore } from '../../services/ports/blob-store.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { loseAnswers, onAttempt, onCommand } from '../kit/faults.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';

const MB = 1024 * 1024;

describe.skipIf(ministackMissing)(`S3${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  let ministack: Ministack;
  let resources: AwsResources;
  let bucket: string;
  beforeAll(async () => {
    ministack = await startMinistack({ iam: true });
    resources = awsResources(ministack.endpoint);
    bucket = await resources.bucket();
  });
  afterAll(async () => {
    resources?.close();
    await ministack?.stop();
  });

  function open(): { client: S3Client; blobs: BlobStore } {
    const client = new S3Client({ endpoint: ministack.endpoint, forcePathStyle: true });
    return { client, blobs: s3BlobStore({ client, bucket }) };
  }

  async function unfinished(): Promise<number> {
    const { Uploads = [] } = await resources.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return Uploads.length;
  }

  describe('links', () => {
    const contentType = 'application/gzip';
    const contentDisposition = `attachment; filename="a b.tgz"; filename*=UTF-8''a%20b.tgz`;

    test('work without credentials and return the requested headers', async () => {
      const { blobs } = open();
      await blobs.put('links/a', body(1000));
      const link = await blobs.link('links/a', {
        method: 'GET',
        lifetime: 60,
        contentType,
        contentDisposition,
      });
      const answer = await fetch(link!);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(contentType);
      expect(answer.headers.get('content-disposition')).toBe(contentDisposition);
      expect((await answer.arrayBuffer()).byteLength).toBe(1000);
      const part = await fetch(link!, { headers: { range: 'bytes=10-19' } });
      expect(part.status).toBe(206);
      expect((await part.arrayBuffer()).byteLength).toBe(10);
      const bare = link!.slice(0, link!.indexOf('?'));
      expect((await fetch(bare)).status).toBe(403);
    });

    test('for HEAD work with HEAD requests', async () => {
      const { blobs } = open();
      await blobs.put('links/head', body(1234));
      const link = await blobs.link('links/head', { method: 'HEAD', lifetime: 60 });
      const answer = await fetch(link!, { method: 'HEAD' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-length')).toBe('1234');
    });

    test('are rejected for another method, key, lifetime or header', async () => {
      const { blobs } = open();
      await blobs.put('links/b', body(10));
      await blobs.put('links/c', body(10));
      const link = (await blobs.link('links/b', { method: 'GET', lifetime: 60, contentType }))!;
      const tampered = [
        link.replace('links/b', 'links/c'),
        link.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'),
        link.replace(encodeURIComponent(contentType), 'text%2Fhtml'),
        link.replace(/X-Amz-Signature=./, (start) => `${start.slice(0, -1)}${start.endsWith('0') ? 1 : 0}`),
      ];
      expect(new Set([link, ...tampered]).size).toBe(5);
      for (const url of tampered) expect((await fetch(url)).status).toBe(403);
      expect((await fetch(link, { method: 'PUT', body: 'x' })).status).toBe(403);
      expect((await fetch(link)).status).toBe(200);
    });

    test('are rejected once their lifetime is over', async () => {
      const { blobs } = open();
      await blobs.put('links/d', body(10));
      const link = (await blobs.link('links/d', { method: 'GET', lifetime: 1 }))!;
      await vi.waitFor(async () => expect((await fetch(link)).status).toBe(403), {
        timeout: 20_000,
        interval: 200,
      });
    });

    test('use the address that clients use', async () => {
      const aws = openAws({
        tableName: 'none',
        auditTableName: 'none',
        queueUrls: {},
        bucket,
        s3Endpoint: ministack.endpoint,
        s3LinkEndpoint: 'https://blobs.example.test',
        s3PathStyle: true,
      });
      const link = await aws.blobs.link('links/e', { method: 'GET', lifetime: 60 });
      expect(link).toMatch(/^https:\/\/blobs\.example\.test\/test-[^/]+\/links\/e\?/);
      await aws.close();
    });
  });

  describe('keys that are written once', () => {
    test.each([100, 9 * MB])('reject a second blob of %i bytes and keep the first', async (size) => {
      const { blobs } = open();
      const key = `once/${size}`;
      await blobs.put(key, body(5));
      await expect(blobs.put(key, body(size))).rejects.toThrow(/already/);
      expect(await blobs.head(key)).toMatchObject({ size: 5 });
      expect(await unfinished()).toBe(0);
    });

    test.each([100, 20 * MB])('accept a write of %i bytes whose response is lost', async (size) => {
      const { client, blobs } = open();
      loseAnswers(client, ['PutObjectCommand', 'CompleteMultipartUploadCommand'], 1);
      const key = `lost/${size}`;
      expect(await blobs.put(key, body(size))).toEqual({ size });
      expect(await blobs.head(key)).toMatchObject({ size });
      expect(await unfinished()).toBe(0);
    });
  });

  describe('large bodies', () => {
    test('a body that fails at 20 MB leaves nothing behind', async () => {
      const { blobs } = open();
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield* body(20 * MB);
        throw new Error('the client went away');
      }
      await expect(blobs.put('large/failing', failing())).rejects.toThrow('the client went away');
      expect(await blobs.head('large/failing')).toBeUndefined();
      expect(await unfinished()).toBe(0);
    });

    test('a store that fails stops reading the body and leaves nothing behind', async () => {
      const { client, blobs } = open();
      onAttempt(client, 'UploadPartCommand', (attempt) => {
        if (attempt === 3) throw new Error('the store is full');
      });
      const source = body(200 * MB);
      await expect(blobs.put('large/refused', source)).rejects.toThrow('the store is full');
      expect((await source.next()).done).toBe(true);
      expect(await blobs.head('large/refused')).toBeUndefined();
      expect(await unfinished()).toBe(0);
    });

    /** Bodies that count the bytes read of all of them together and not stored yet. */
    function counting(client: S3Client) {
      let held = 0;
      let most = 0;
      onAttempt(client, 'UploadPartCommand', async (_attempt, send) => {
        await send();
        held -= 6 * MB;
      });
      return {
        most: () => most,
        async *body(size: number): AsyncGenerator<Uint8Array> {
          for await (const chunk of body(size)) {
            held += chunk.byteLength;
            most = Math.max(most, held);
            yield chunk;
          }
        },
      };
    }

    test('60 MB are stored with at most 31 MB of them in memory', async () => {
      const { client, blobs } = open();
      const counted = counting(client);
      const hash = createHash('sha256');
      async function* hashed(): AsyncGenerator<Uint8Array> {
        for await (const chunk of counted.body(60 * MB)) {
          hash.update(chunk);
          yield chunk;
        }
      }
      expect(await blobs.put('large/whole', hashed())).toEqual({ size: 60 * MB });
      expect(counted.most()).toBeLessThanOrEqual(31 * MB);
      const found = createHash('sha256');
      for await (const chunk of (await blobs.get('large/whole'))!.body) found.update(chunk);
      expect(found.digest('hex')).toBe(hash.digest('hex'));
    });

    test('concurrent uploads share the limit of parts being sent, and each gathers one more part', async () => {
      const { client, blobs } = open();
      const counted = counting(client);
      const keys = Array.from({ length: 6 }, (_, n) => `large/at-once-${n}`);
      await Promise.all(keys.map((key) => blobs.put(key, counted.body(24 * MB))));
      expect(counted.most()).toBeLessThanOrEqual((24 + 6 * 6 + 1) * MB);
      for (const key of keys) expect(await blobs.head(key)).toMatchObject({ size: 24 * MB });
    });

    test('a part that fails for good frees its share of the limit for other uploads', async () => {
      const { client, blobs } = open();
      onAttempt(client, 'UploadPartCommand', () => {
        throw new Error('the store is full');
      });
      for (let n = 0; n < 6; n++) {
        await expect(blobs.put(`large/full-${n}`, body(20 * MB))).rejects.toThrow('the store is full');
      }
      expect(await unfinished()).toBe(0);
    });

    test('hundreds of stalled readers do not delay other requests', async () => {
      const store = openS3({ bucket, endpoint: ministack.endpoint, pathStyle: true });
      await store.blobs.put('large/stalled', body(2 * MB));
      const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
      for (let n = 0; n < 300; n++) {
        const reader = (await store.blobs.get('large/stalled'))!.body.getReader();
        expect((await reader.read()).done).toBe(false);
        readers.push(reader);
      }
      await store.blobs.put('large/beside', body(10 * MB));
      let size = 0;
      for await (const chunk of (await store.blobs.get('large/beside'))!.body) size += chunk.byteLength;
      expect(size).toBe(10 * MB);
      await Promise.all(readers.map((reader) => reader.cancel()));
      store.close();
    });

    test('cancelled bodies release their connections, read or not', async () => {
      const { blobs } = open();
      await blobs.put('large/cancelled', body(2 * MB));
      const connected = () =>
        process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
      const before = connected();
      const contents = await Promise.all(Array.from({ length: 30 }, () => blobs.get('large/cancelled')));
      expect(connected()).toBeGreaterThanOrEqual(before + 25);
      for (const [n, content] of contents.entries()) {
        if (n % 2 === 0) {
          await content!.body.cancel();
          continue;
        }
        const reader = content!.body.getReader();
        expect((await reader.read()).done).toBe(false);
        await reader.cancel();
      }
      await vi.waitFor(() => expect(connected()).toBeLessThanOrEqual(before + 1));
    });

    test.each([6 * MB - 1, 6 * MB, 6 * MB + 1, 12 * MB])('%i bytes are stored completely', async (size) => {
      const { blobs } = open();
      const key = `large/${size}`;
      expect(await blobs.put(key, body(size))).toEqual({ size });
      expect(await blobs.head(key)).toMatchObject({ size });
    });
  });

  describe('abandoned uploads', () => {
    const abandon = async (Key: string, parts: number) => {
      const upload = { Bucket: bucket, Key };
      const { UploadId } = await resources.s3.send(new CreateMultipartUploadCommand(upload));
      for (let PartNumber = 1; PartNumber <= parts; PartNumber++) {
        await resources.s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body: 'bytes' }));
      }
    };

    test('are dropped once nothing was added for long enough, and only below the prefix', async () => {
      const { client } = open();
      const blobs = s3BlobStore({ client, bucket, prefix: 'left/' });
      await abandon('left/blobs/a', 2);
      await abandon('left/blobs/b', 0);
      await abandon('left/other', 1);
      await abandon('blobs/other', 1);
      const hour = 3_600_000;
      expect(await blobs.dropUnfinished({ prefix: 'blobs/', before: Date.now() - hour })).toBe(0);
      expect(await unfinished()).toBe(4);
      expect(await blobs.dropUnfinished({ prefix: 'blobs/', before: Date.now() + hour })).toBe(2);
      expect(await unfinished()).toBe(2);
      expect(await blobs.dropUnfinished({ prefix: '', before: Date.now() + hour })).toBe(1);
      expect(
        await s3BlobStore({ client, bucket }).dropUnfinished({ prefix: '', before: Date.now() + hour }),
      ).toBe(1);
    });

    test('are found on every page of the list, and kept if a part was added since', async () => {
      const { client, blobs } = open();
      for (let n = 0; n < 7; n++) await abandon(`many/${n}`, 0);
      await abandon('many/alive', 1);
      onCommand(client, 'ListMultipartUploadsCommand', (input: ListMultipartUploadsCommandInput) => {
        input.MaxUploads = 2;
      });
      const since = (output: ListPartsCommandOutput) => {
        for (const part of output.Parts ?? []) part.LastModified = new Date(Date.now() + 2_000_000);
      };
      onCommand(client, 'ListPartsCommand', () => {}, since);
      expect(await blobs.dropUnfinished({ prefix: 'many/', before: Date.now() + 1_000_000 })).toBe(7);
      expect(await unfinished()).toBe(1);
    });
  });

  test.each([
    ['small', 1000],
    ['in parts', 9 * MB],
  ])('blobs are encrypted as configured: %s', async (name, size) => {
    const { client } = open();
    const encryption = { ServerSideEncryption: 'AES256' } as const;
    await s3BlobStore({ client, bucket, encryption }).put(`encrypted/${size}`, body(size));
    const command = new HeadObjectCommand({ Bucket: bucket, Key: `encrypted/${size}` });
    expect([name, await resources.s3.send(command)]).toMatchObject([
      name,
      { ...encryption, ContentLength: size },
    ]);
    const requests: unknown[] = [];
    client.middlewareStack.add((next) => async (given) => {
      requests.push(given.input);
      return next(given);
    });
    const kms = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/blobs' } as const;
    await s3BlobStore({ client, bucket, encryption: kms }).put(`kms/${size}`, body(size));
    expect(requests[0]).toMatchObject(kms);
  });

  test('prefixes separate stores in one bucket', async () => {
    const { client } = open();
    const [left, right] = ['left/', 'right/'].map((prefix) => s3BlobStore({ client, bucket, prefix })) as [
      BlobStore,
      BlobStore,
    ];
    await left.put('a/1', body(1));
    await left.put('a/2', body(2));
    await right.put('a/3', body(3));
    const { blobs } = await left.list({ prefix: 'a/', after: 'a/1' });
    expect(blobs).toMatchObject([{ key: 'a/2', size: 2 }]);
    expect((await right.list()).blobs).toMatchObject([{ key: 'a/3', size: 3 }]);
    await left.delete(['a/1', 'a/2', 'a/3']);
    expect((await left.list()).blobs).toEqual([]);
    expect(await right.head('a/3')).toMatchObject({ key: 'a/3', size: 3 });
  });
});

/** Bytes that differ from part to part. */
async function* body(size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += 65_536) {
    yield new Uint8Array(Math.min(65_536, size - at)).fill((at / 65_536) % 251);
  }
}
