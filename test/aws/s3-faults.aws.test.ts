import { createHash, randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sweepBlobs } from '../../services/registry/maintenance/collect/sweep-blobs.ts';
import { sweepOrphans } from '../../services/registry/maintenance/collect/sweep-orphans.ts';
import { accountsOf, freshName } from '../kit/accounts.ts';
import { type Fault, type FaultProxy, faultIn, faultsAtRandom, startFaultProxy } from '../kit/fault-proxy.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { s3Operation } from '../kit/s3-operation.ts';
import { type ServedOnAws, serveOnAws } from '../kit/serve-on-aws.ts';
import { useMinistack } from '../kit/use-ministack.ts';

const MB = 1024 * 1024;

const ATTEMPTS = 3;

/** Sizes in bytes: of one request, and of several parts. */
const sizes = { small: 300_000, large: 9 * MB };

const noise = randomBytes(sizes.large);

const faults: Readonly<Record<string, Fault>> = {
  'a 500': { status: 500, code: 'InternalError' },
  'a 503 SlowDown': { status: 503, code: 'SlowDown' },
  'a reset': 'reset',
  'a lost response': 'lose',
};

const operations = [
  ['PutObject', 'small'],
  ['CreateMultipartUpload', 'large'],
  ['UploadPart', 'large'],
  ['CompleteMultipartUpload', 'large'],
] as const;

describe.skipIf(ministackMissing)('a registry whose S3 fails', () => {
  const emulator = useMinistack();
  let proxy: FaultProxy;
  let serving: ServedOnAws;
  let url: string;
  beforeAll(async () => {
    proxy = await startFaultProxy(emulator.endpoint, s3Operation);
  });
  afterAll(async () => {
    await proxy?.stop();
  });

  // A new server for every test, because the SDK retries less often after many failures.
  beforeEach(async () => {
    proxy.plan();
    serving = await serveOnAws({
      resources: emulator.resources,
      endpoint: emulator.endpoint,
      s3Endpoint: proxy.url,
      timeouts: { idleTimeout: 1_000, attempts: ATTEMPTS },
      settings: { proxyDownload: true },
    });
    const accounts = accountsOf(serving);
    const project = await accounts.project(await accounts.group(freshName('faults')), 'project');
    url = `${serving.url}/api/v4/projects/${project.id}/packages/generic/tool/1.0/tool.bin`;
  });
  afterEach(() => serving?.stop());

  const headers = { 'private-token': 'the-root-token-of-the-tests' };
  const put = (size: number) => fetch(url, { method: 'PUT', headers, body: bytesOf(size) });
  const get = () => fetch(url, { headers });

  async function unfinished(): Promise<number> {
    const { Uploads = [] } = await emulator.resources.s3.send(
      new ListMultipartUploadsCommand({ Bucket: serving.bucket }),
    );
    return Uploads.length;
  }

  async function stored(): Promise<number> {
    const { KeyCount = 0 } = await emulator.resources.s3.send(
      new ListObjectsV2Command({ Bucket: serving.bucket }),
    );
    return KeyCount;
  }

  async function expectServed(size: number): Promise<void> {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(digestOf(new Uint8Array(await answer.arrayBuffer()))).toBe(digestOf(bytesOf(size)));
  }

  describe.each(Object.entries(faults))('%s once', (_fault, fault) => {
    test.each(operations)('in %s is not visible to clients', async (operation, kind) => {
      proxy.plan(faultIn(operation, fault, 1));
      const answer = await put(sizes[kind]);
      expect([answer.status, await answer.text()]).toEqual([201, '{"message":"201 Created"}']);
      expect(proxy.calls.filter((call) => call === operation).length).toBeGreaterThan(1);
      await expectServed(sizes[kind]);
      // The id of an upload whose first response was lost is unknown; the bucket's lifecycle rule removes it.
      const isOrphan = operation === 'CreateMultipartUpload' && fault === 'lose';
      expect([await unfinished(), await stored()]).toEqual([isOrphan ? 1 : 0, 1]);
    });

    test('in GetObject is not visible to clients', async () => {
      await put(sizes.large);
      proxy.plan(faultIn('GetObject', fault, 1));
      await expectServed(sizes.large);
      expect(proxy.calls).toEqual(['GetObject', 'GetObject']);
    });
  });
  test('faults in a third of all requests are not visible to clients', async () => {
    const kinds = Object.values(faults).filter((fault) => fault !== 'lose');
    proxy.plan(faultsAtRandom(0.33, ATTEMPTS - 1, kinds));
    for (const kind of ['small', 'large', 'small', 'large'] as const) {
      expect((await put(sizes[kind])).status).toBe(201);
      await expectServed(sizes[kind]);
    }
    expect(await unfinished()).toBe(0);
  });

  describe.each([
    ...Object.entries(faults),
    ['a missing response', 'stall'],
    ['a body that is not read', 'deaf'],
  ] as const)('%s every time', (_fault, fault) => {
    test.each(operations)('in %s is reported as a 503 and leaves nothing behind', async (operation, kind) => {
      proxy.plan(faultIn(operation, fault));
      const answer = await put(sizes[kind]);
      expect([answer.status, await answer.text()]).toEqual([
        503,
        '{"message":"The storage is not available, try again later"}',
      ]);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(serving.errors).toMatchObject([{ message: 'storage failed' }]);
      proxy.plan();
      expect((await get()).status).toBe(404);
      if (fault !== 'lose') expect([await unfinished(), await stored()]).toEqual([0, 0]);
      else if (operation === 'UploadPart') expect(await unfinished()).toBe(0);
      expect((await put(sizes[kind])).status).toBe(201);
      await expectServed(sizes[kind]);
    });

    test('in GetObject is reported as a 503, and later downloads succeed', async () => {
      await put(sizes.large);
      proxy.plan(faultIn('GetObject', fault));
      const answer = await get();
      expect([answer.status, await answer.text()]).toEqual([
        503,
        '{"message":"The storage is not available, try again later"}',
      ]);
      proxy.plan();
      await expectServed(sizes.large);
    });
  });

  test.each(['reset', 'stall'] as const)(
    'parts that cannot be removed (%s) are left to the lifecycle rule',
    async (fault) => {
      const parts = faultIn('UploadPart', { status: 500, code: 'InternalError' });
      const abort = faultIn('AbortMultipartUpload', fault);
      proxy.plan((call) => parts(call) ?? abort(call));
      const answer = await put(sizes.large);
      expect(answer.status).toBe(503);
      expect(proxy.calls).toContain('AbortMultipartUpload');
      expect(await unfinished()).toBe(1);
      expect((await get()).status).toBe(404);
    },
  );

  test.each(['small', 'large'] as const)(
    'a %s blob whose response was lost is removed by the sweep',
    async (kind) => {
      proxy.plan(({ operation }) =>
        operation === 'PutObject' || operation === 'CompleteMultipartUpload' || operation === 'HeadObject'
          ? 'lose'
          : undefined,
      );
      expect((await put(sizes[kind])).status).toBe(503);
      expect(await stored()).toBe(1);
      proxy.plan();
      await sweep();
      expect([await stored(), await unfinished()]).toEqual([0, 0]);
    },
  );

  /** Sweeps as if two days had passed. */
  async function sweep(): Promise<void> {
    const now = serving.registry.clock.now() + 2 * 24 * 3600 * 1000;
    const later = { ...serving.registry, clock: { ...serving.registry.clock, now: () => now } };
    await sweepBlobs(later);
    await sweepOrphans(later);
  }

  test('a download from a slow store continues as long as bytes arrive', async () => {
    await put(sizes.large);
    // Slow enough to take longer than the store may stall.
    proxy.plan(faultIn('*', { drip: sizes.large / 1.5 }));
    await expectServed(sizes.large);
    expect(proxy.calls).toEqual(['GetObject']);
  });

  describe('a download that the store interrupts', () => {
    test.each([
      ['with a reset', { breakAfter: 3 * MB }],
      ['by a stall', { stallAfter: 3 * MB }],
    ])('%s ends with a broken connection, not with a shorter file', async (_interruption, fault) => {
      await put(sizes.large);
      proxy.plan(faultIn('GetObject', fault));
      const answer = await get();
      expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(sizes.large)]);
      const got: Uint8Array[] = [];
      const reading = (async () => {
        for await (const chunk of answer.body ?? []) got.push(chunk);
      })();
      await expect(reading).rejects.toThrow();
      const part = Buffer.concat(got);
      expect(part.byteLength).toBeLessThanOrEqual(3 * MB);
      expect(part.equals(bytesOf(sizes.large).subarray(0, part.byteLength))).toBe(true);
      proxy.plan();
      await expectServed(sizes.large);
    });

    test('before a small file is complete is reported as a 503', async () => {
      await put(100_000);
      proxy.plan(faultIn('GetObject', { breakAfter: 50_000 }));
      expect((await get()).status).toBe(503);
      proxy.plan();
      await expectServed(100_000);
    });
  });
});

/** Bytes that differ from place to place. */
function bytesOf(size: number): Buffer {
  return noise.subarray(0, size);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
