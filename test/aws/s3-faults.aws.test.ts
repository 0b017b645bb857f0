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

/** One request, and several parts. */
const sizes = { small: 300_000, large: 9 * MB };

const noise = randomBytes(sizes.large);

const faults: Readonly<Record<string, Fault>> = {
  'a 500': { status: 500, code: 'InternalError' },
  'a 503 SlowDown': { status: 503, code: 'SlowDown' },
  'a reset': 'reset',
  'an answer that is lost': 'lose',
};

const operations = [
  ['PutObject', 'small'],
  ['CreateMultipartUpload', 'large'],
  ['UploadPart', 'large'],
  ['CompleteMultipartUpload', 'large'],
] as const;

describe.skipIf(ministackMissing)('a registry whose S3 has troubles', () => {
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

  // A server of its own for every test: the SDK asks less often again when much has failed before.
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

  async function expectWhole(size: number): Promise<void> {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(digestOf(new Uint8Array(await answer.arrayBuffer()))).toBe(digestOf(bytesOf(size)));
  }

  describe.each(Object.entries(faults))('%s once', (_what, fault) => {
    test.each(operations)('in %s is nothing its users see', async (operation, kind) => {
      proxy.plan(faultIn(operation, fault, 1));
      const answer = await put(sizes[kind]);
      expect([answer.status, await answer.text()]).toEqual([201, '{"message":"201 Created"}']);
      expect(proxy.calls.filter((call) => call === operation).length).toBeGreaterThan(1);
      await expectWhole(sizes[kind]);
      // Nobody knows the number of an upload whose first answer was lost; the bucket's lifecycle rule removes it.
      const isOrphan = operation === 'CreateMultipartUpload' && fault === 'lose';
      expect([await unfinished(), await stored()]).toEqual([isOrphan ? 1 : 0, 1]);
    });

    test('in GetObject is nothing its users see', async () => {
      await put(sizes.large);
      proxy.plan(faultIn('GetObject', fault, 1));
      await expectWhole(sizes.large);
      expect(proxy.calls).toEqual(['GetObject', 'GetObject']);
    });
  });
  test('faults in a third of all requests are nothing its users see', async () => {
    const kinds = Object.values(faults).filter((fault) => fault !== 'lose');
    proxy.plan(faultsAtRandom(0.33, ATTEMPTS - 1, kinds));
    for (const kind of ['small', 'large', 'small', 'large'] as const) {
      expect((await put(sizes[kind])).status).toBe(201);
      await expectWhole(sizes[kind]);
    }
    expect(await unfinished()).toBe(0);
  });

  describe.each([
    ...Object.entries(faults),
    ['a store that reads and says nothing', 'stall'],
    ['a store that does not even read', 'deaf'],
  ] as const)('%s every time', (_what, fault) => {
    test.each(operations)('in %s is a 503 that says so and leaves nothing', async (operation, kind) => {
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
      await expectWhole(sizes[kind]);
    });

    test('in GetObject is a 503 or a connection that breaks, and later works', async () => {
      await put(sizes.large);
      proxy.plan(faultIn('GetObject', fault));
      const answer = await get();
      expect([answer.status, await answer.text()]).toEqual([
        503,
        '{"message":"The storage is not available, try again later"}',
      ]);
      proxy.plan();
      await expectWhole(sizes.large);
    });
  });

  test.each(['reset', 'stall'] as const)(
    'parts that can not be removed (%s) are left to the lifecycle rule',
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
    'a %s blob stored without an answer goes with the sweep',
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

  /** Sweeps as if two days had gone by. */
  async function sweep(): Promise<void> {
    const now = serving.registry.clock.now() + 2 * 24 * 3600 * 1000;
    const later = { ...serving.registry, clock: { ...serving.registry.clock, now: () => now } };
    await sweepBlobs(later);
    await sweepOrphans(later);
  }

  test('a slow store is waited for as long as it does anything', async () => {
    await put(sizes.large);
    // Three times as long as it may stand still.
    proxy.plan(faultIn('*', { drip: sizes.large / 1.5 }));
    await expectWhole(sizes.large);
    expect(proxy.calls).toEqual(['GetObject']);
  });

  describe('a download that the store breaks off', () => {
    test.each([
      ['with a reset', { breakAfter: 3 * MB }],
      ['by standing still', { stallAfter: 3 * MB }],
    ])('%s is a connection that breaks, and no whole answer', async (_how, fault) => {
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
      await expectWhole(sizes.large);
    });

    test('before a small file is whole is a 503', async () => {
      await put(100_000);
      proxy.plan(faultIn('GetObject', { breakAfter: 50_000 }));
      expect((await get()).status).toBe(503);
      proxy.plan();
      await expectWhole(100_000);
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
