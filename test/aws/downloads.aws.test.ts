import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Serving, serve } from '../../services/runtime/server/serve.ts';
import { readSettings } from '../../services/runtime/server/settings.ts';
import { describeDownloads } from '../clients/generic/download-cases.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';

const rootToken = 'root-token-of-the-aws-tests';

describe.skipIf(ministackMissing)('downloads from a bucket', () => {
  let ministack: Ministack;
  let resources: AwsResources;
  let folder: string;
  let serving: Serving;
  beforeAll(async () => {
    // Checks signatures, so a link that was changed after it was signed is refused.
    ministack = await startMinistack({ iam: true });
    resources = awsResources(ministack.endpoint);
    folder = await mkdtemp(join(tmpdir(), 'packhouse-downloads-'));
    const flags = [
      ...['--port', '0', '--data-dir', folder, '--root-token', rootToken, '--log', 'silent'],
      ...[
        '--bucket',
        await resources.bucket(),
        '--s3-endpoint',
        ministack.endpoint,
        '--s3-path-style',
        'true',
      ],
    ];
    serving = await serve(readSettings(flags, {}), () => {});
  });
  afterAll(async () => {
    await serving?.stop();
    resources?.close();
    await ministack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  describeDownloads(() => ({ url: serving.url, rootToken }), true);
});
