import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeTool } from '../clients/client.ts';
import { carriers, curlTool, curlUser, sha256 } from '../clients/generic/curl.ts';
import { noise } from '../clients/noise.ts';
import { npmUser } from '../clients/npm/npm-client.ts';
import { installedFiles, writePackage } from '../clients/npm/packages.ts';
import { bun } from '../clients/npm/tools/bun.ts';
import { npm10, npm12 } from '../clients/npm/tools/npm.ts';
import { pnpm12 } from '../clients/npm/tools/pnpm.ts';
import { yarn } from '../clients/npm/tools/yarn.ts';
import { yarnClassic } from '../clients/npm/tools/yarn-classic.ts';
import { failed, succeeded } from '../clients/outcome.ts';
import { openPlayground, type Playground } from '../clients/playground.ts';
import { freshName } from '../kit/accounts.ts';
import { type FaultProxy, faultIn, startFaultProxy } from '../kit/fault-proxy.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { s3Operation } from '../kit/s3-operation.ts';
import { type ServedOnAws, serveOnAws } from '../kit/serve-on-aws.ts';
import { useMinistack } from '../kit/use-ministack.ts';

const SIZE = 12_000_000;
const ATTEMPTS = 2;
const slowDown = { status: 503, code: 'SlowDown' };
const words = 'The storage is not available, try again later';

describe.skipIf(ministackMissing)('clients of a registry whose S3 fails', () => {
  const emulator = useMinistack();
  let proxy: FaultProxy;
  let serving: ServedOnAws;
  let ground: Playground;
  beforeAll(async () => {
    proxy = await startFaultProxy(emulator.endpoint, s3Operation);
  });
  afterAll(async () => {
    await proxy?.stop();
  });
  beforeEach(async () => {
    proxy.plan();
    serving = await serveOnAws({
      resources: emulator.resources,
      endpoint: emulator.endpoint,
      s3Endpoint: proxy.url,
      timeouts: { idleTimeout: 5_000, attempts: ATTEMPTS },
    });
    ground = await openPlayground(serving);
    return async () => {
      await ground?.remove();
      await serving?.stop();
    };
  });

  async function expectNoUploads(): Promise<void> {
    const list = new ListMultipartUploadsCommand({ Bucket: serving.bucket });
    expect((await emulator.resources.s3.send(list)).Uploads ?? []).toEqual([]);
  }

  describeTool(curlTool, () => {
    test('shows why an upload fails, and succeeds with --retry', async () => {
      const user = await curlUser();
      const content = noise(SIZE);
      await user.space.write('sent.bin', content);
      const token = carriers['PRIVATE-TOKEN'](ground.tokens.personal);
      const url = `${ground.endpoint('generic', ground.project)}/tool/1.0/tool.bin`;
      proxy.plan(faultIn('UploadPart', slowDown));
      const up = await user.curl([...token, '--fail-with-body', '-T', 'sent.bin', url]);
      expect([up.code, up.status, up.stdout]).toEqual([22, 503, `{"message":"${words}"}`]);
      await expectNoUploads();
      // As many failures as the server itself makes attempts; the next request succeeds.
      proxy.plan(faultIn('CreateMultipartUpload', slowDown, ATTEMPTS));
      const again = await user.curl([...token, '--fail', '--retry', '3', '-T', 'sent.bin', url]);
      expect([again.code, again.status], again.seen).toEqual([0, 201]);
      const down = await user.curl(['-L', '-o', 'got.bin', ...token, url]);
      expect([down.code, sha256(await user.read('got.bin'))]).toEqual([0, sha256(content)]);
      await expectNoUploads();
      await user.space.remove();
    });
  });

  for (const client of [npm12, npm10, pnpm12, yarn, yarnClassic, bun]) {
    describeTool(client.tool, () => {
      test('shows why a publish fails, and publishes later', async () => {
        const setup = { registry: ground.endpoint('npm', ground.project), token: ground.tokens.personal };
        const user = await npmUser(client, setup);
        const pkg = await writePackage(user.space, {
          name: freshName('failed'),
          version: '1.0.0',
          size: SIZE,
        });
        proxy.plan(faultIn('UploadPart', slowDown));
        const seen = await failed(user.publish(pkg));
        expect(seen).toMatch(/503|Service Unavailable/);
        // Yarn 1 shows no reason for a response of 500 or above.
        if (client !== yarnClassic) expect(seen).toContain(words);
        await expectNoUploads();
        proxy.plan();
        await succeeded(user.publish(pkg));
        await succeeded(user.add(pkg.name));
        expect(await installedFiles(user.space, pkg)).toEqual(pkg.files);
        await user.remove();
      });
    });
  }

  for (const client of [npm12, npm10]) {
    describeTool(client.tool, () => {
      test('publishes without an error when it retries by itself', async () => {
        const setup = { registry: ground.endpoint('npm', ground.project), token: ground.tokens.personal };
        const user = await npmUser(client, setup);
        const pkg = await writePackage(user.space, {
          name: freshName('again'),
          version: '1.0.0',
          size: SIZE,
        });
        proxy.plan(faultIn('CreateMultipartUpload', slowDown, ATTEMPTS));
        await succeeded(
          user.run(['publish', '--fetch-retries=1', '--fetch-retry-mintimeout=10'], pkg.folder),
        );
        await succeeded(user.add(pkg.name));
        expect(await installedFiles(user.space, pkg)).toEqual(pkg.files);
        await expectNoUploads();
        await user.remove();
      });
    });
  }
});
