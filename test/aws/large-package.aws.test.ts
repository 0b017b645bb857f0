import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeTool } from '../clients/client.ts';
import { runLargePackage } from '../clients/npm/large-package.ts';
import { npm12 } from '../clients/npm/tools/npm.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { peakMemory } from '../kit/peak-memory.ts';
import { startServer } from '../kit/run-packhouse.ts';
import { useMinistack } from '../kit/use-ministack.ts';

/** The most memory that the server may use, in MiB. */
const MOST_MEMORY = 250;

describe.skipIf(ministackMissing)('the Node server with its records in DynamoDB and its bytes in S3', () => {
  const emulator = useMinistack();
  let folder: string;
  let server: Awaited<ReturnType<typeof startServer>>;
  const rootToken = 'root-token-of-the-aws-tests';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packhouse-large-'));
    server = await startServer([
      ...['--port', '0', '--data-dir', folder, '--root-token', rootToken, '--s3-path-style', 'true'],
      ...['--aws-endpoint', emulator.endpoint, '--bucket', await emulator.resources.bucket()],
      ...['--table', await emulator.resources.table(), '--audit-table', await emulator.resources.table()],
    ]);
  });
  afterAll(async () => {
    server?.kill('SIGTERM');
    await server?.ended;
    await rm(folder, { recursive: true, force: true });
  });

  describeTool(npm12.tool, () => {
    test('publishes and installs 60 MB while the memory of the server stays below its limit', async () => {
      await runLargePackage(npm12, { url: server.url, rootToken });
      expect(peakMemory(server.pid)).toBeLessThan(MOST_MEMORY);
    });
  });
});
