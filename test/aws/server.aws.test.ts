import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Serving, serve } from '../../services/runtime/server/serve.ts';
import { readSettings } from '../../services/runtime/server/settings.ts';
import { runNpmSmoke } from '../clients/npm/smoke.ts';
import { accountsOf, freshName } from '../kit/accounts.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';
import { conformsToDistribution } from './container-clients.ts';

const rootToken = 'root-token-of-the-aws-tests';

describe.skipIf(ministackMissing)('the Node server', () => {
  let ministack: Ministack;
  let resources: AwsResources;
  let folder: string;
  let serving: Serving;
  beforeAll(async () => {
    ministack = await startMinistack();
    resources = awsResources(ministack.endpoint);
    folder = await mkdtemp(join(tmpdir(), 'packhouse-server-'));
  });
  afterAll(async () => {
    resources?.close();
    await ministack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(settings: Record<string, string>): Promise<void> {
    const environment = {
      PACKHOUSE_PORT: '0',
      PACKHOUSE_DATA_DIR: folder,
      PACKHOUSE_ROOT_TOKEN: rootToken,
      PACKHOUSE_LOG: 'silent',
      PACKHOUSE_BUCKET: await resources.bucket(),
      PACKHOUSE_S3_PATH_STYLE: 'true',
      ...settings,
    };
    serving = await serve(readSettings([], environment), () => {});
  }

  /** The tests of both ways to keep bytes in a bucket. */
  function commonCases(): void {
    test('redirects a large download to the bucket', async () => {
      const accounts = accountsOf({ url: serving.url, rootToken });
      const project = await accounts.project(await accounts.group(freshName('server')), 'files');
      const bytes = Buffer.alloc(20_000_000, 'twenty megabytes ');
      const url = `${serving.url}/api/v4/projects/${project.id}/packages/generic/big/1.0/big.bin`;
      const headers = { 'private-token': rootToken };
      const put = await fetch(url, { method: 'PUT', headers, body: bytes });
      expect([put.status, await put.text()]).toEqual([201, '{"message":"201 Created"}']);
      const link = await fetch(url, { headers, redirect: 'manual' });
      expect(link.status).toBe(302);
      const location = link.headers.get('location') ?? '';
      expect(location.startsWith(ministack.endpoint)).toBe(true);
      const got = Buffer.from(await (await fetch(location)).arrayBuffer());
      expect(got.equals(bytes)).toBe(true);
    });

    test('serves npm at every level', () => runNpmSmoke({ url: serving.url, rootToken }));

    conformsToDistribution(() => ({ url: serving.url, rootToken }));
  }

  describe('with its records in DynamoDB and its bytes in S3', () => {
    beforeAll(async () =>
      start({
        PACKHOUSE_TABLE: await resources.table(),
        PACKHOUSE_AUDIT_TABLE: await resources.table(),
        PACKHOUSE_SEALING_SECRET: await resources.secret(),
        PACKHOUSE_AWS_ENDPOINT: ministack.endpoint,
      }),
    );
    afterAll(() => serving?.stop());
    commonCases();
  });

  describe('with its records in the data directory and its bytes in a store like S3', () => {
    beforeAll(() => start({ PACKHOUSE_S3_ENDPOINT: ministack.endpoint }));
    afterAll(() => serving?.stop());
    commonCases();
  });
});
