import type { IncomingHttpHeaders } from 'node:http';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sweepOrphans } from '../../services/registry/maintenance/collect/sweep-orphans.ts';
import { accountsOf, freshName } from '../kit/accounts.ts';
import { type Fault, type FaultPlan, type FaultProxy, faultIn, startFaultProxy } from '../kit/fault-proxy.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { npmPackage } from '../kit/npm-package.ts';
import { type ServedOnAws, serveOnAws } from '../kit/serve-on-aws.ts';
import { useMinistack } from '../kit/use-ministack.ts';

const faults: Readonly<Record<string, Fault>> = {
  'a 500': { status: 500, code: 'InternalServerError' },
  'a 503': { status: 503, code: 'ServiceUnavailable' },
  'a reset': 'reset',
  'a lost response': 'lose',
};

/** The reads in DynamoDB's API. */
const reads = new Set(['GetItem', 'BatchGetItem', 'Query']);

describe.skipIf(ministackMissing)('a registry whose DynamoDB fails', () => {
  const emulator = useMinistack();
  let proxy: FaultProxy;
  let serving: ServedOnAws;
  let base: string;
  beforeAll(async () => {
    proxy = await startFaultProxy(emulator.endpoint, (_method, _path, headers) => operationOf(headers));
  });
  afterAll(async () => {
    await proxy?.stop();
  });
  beforeEach(async () => {
    proxy.plan();
    serving = await serveOnAws({
      resources: emulator.resources,
      endpoint: proxy.url,
      s3Endpoint: emulator.endpoint,
    });
    const accounts = accountsOf(serving);
    const project = await accounts.project(await accounts.group(freshName('faults')), 'project');
    base = `${serving.url}/api/v4/projects/${project.id}/packages/npm`;
  });
  afterEach(() => serving?.stop());

  async function publish(): Promise<Response> {
    const { document } = await npmPackage({ name: 'tool' });
    const headers = { ...authorized(), 'content-type': 'application/json' };
    return fetch(`${base}/tool`, { method: 'PUT', headers, body: JSON.stringify(document) });
  }
  const authorized = () => ({ 'private-token': serving.rootToken });
  const read = () => fetch(`${base}/tool`, { headers: authorized() });

  /** Sweeps orphaned blobs as if two days had passed. */
  async function sweep(): Promise<void> {
    const now = serving.registry.clock.now() + 2 * 24 * 3600 * 1000;
    await sweepOrphans({ ...serving.registry, clock: { ...serving.registry.clock, now: () => now } });
  }

  async function stored(): Promise<number> {
    const { KeyCount = 0 } = await emulator.resources.s3.send(
      new ListObjectsV2Command({ Bucket: serving.bucket }),
    );
    return KeyCount;
  }

  async function expectUnavailable(answer: Response): Promise<void> {
    const words = 'The storage is not available, try again later';
    expect([answer.status, await answer.json()]).toEqual([503, { error: words, message: words }]);
    expect(answer.headers.get('retry-after')).toBe('5');
  }

  describe('throttling of reads', () => {
    const throttling = (code: string): FaultPlan => {
      return ({ operation }) => (reads.has(operation) ? { status: 400, code } : undefined);
    };

    test('for a while is not visible to clients', async () => {
      const throttled = throttling('ThrottlingException');
      proxy.plan((call) => (call.nth <= 2 ? throttled(call) : undefined));
      expect((await publish()).status).toBe(200);
      expect((await read()).status).toBe(200);
      expect(serving.errors).toEqual([]);
    });

    test.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'])(
      'that lasts is reported as a 503 to reads and publishes: %s',
      async (code) => {
        expect((await publish()).status).toBe(200);
        proxy.plan(throttling(code));
        const list = fetch(base.replace(/\/npm$/, ''), { headers: authorized() });
        const [readResponse, publishResponse, listResponse] = await Promise.all([read(), publish(), list]);
        await expectUnavailable(readResponse);
        await expectUnavailable(publishResponse);
        expect([listResponse.status, listResponse.headers.get('retry-after')]).toEqual([503, '5']);
        proxy.plan();
        expect((await read()).status).toBe(200);
      },
    );
  });

  describe.each(Object.entries(faults))('%s', (_fault, fault) => {
    test('in the first two requests is not visible to clients', async () => {
      proxy.plan(faultIn('*', fault, 2));
      expect((await publish()).status).toBe(200);
      expect((await read()).status).toBe(200);
      expect(serving.errors).toEqual([]);
    });

    test('in every request is reported as a 503 to reads and publishes', async () => {
      proxy.plan(faultIn('*', fault));
      await expectUnavailable(await publish());
      await expectUnavailable(await read());
      proxy.plan();
      expect((await publish()).status).toBe(200);
      expect((await read()).status).toBe(200);
    });

    test('in the transaction of a publish keeps the bytes, which the sweep removes if it was not committed', async () => {
      proxy.plan(faultIn('TransactWriteItems', fault));
      await expectUnavailable(await publish());
      expect(await stored()).toBe(1);
      proxy.plan();
      await sweep();
      const isDone = (await read()).status === 200;
      expect(isDone).toBe(fault === 'lose');
      expect(await stored()).toBe(isDone ? 1 : 0);
      expect((await publish()).status).toBe(isDone ? 403 : 200);
      const tarball = await fetch(`${base}/tool/-/tool-1.0.0.tgz`, { headers: authorized() });
      expect([tarball.status, (await tarball.arrayBuffer()).byteLength > 0]).toEqual([200, true]);
    });
  });
});

/** The name of a request in DynamoDB's API. */
function operationOf(headers: IncomingHttpHeaders): string {
  return String(headers['x-amz-target']).replace(/^.*\./, '');
}
