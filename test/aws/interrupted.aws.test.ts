import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { describeInterrupted } from '../clients/interrupted.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { type ServedOnAws, serveOnAws } from '../kit/serve-on-aws.ts';
import { useMinistack } from '../kit/use-ministack.ts';

describe.skipIf(ministackMissing)('on DynamoDB and S3', () => {
  const emulator = useMinistack();
  let served: ServedOnAws;
  beforeAll(async () => {
    served = await serveOnAws({ resources: emulator.resources, endpoint: emulator.endpoint });
  });
  afterAll(async () => {
    expect(served.errors).toEqual([]);
    await served?.stop();
  });

  describeInterrupted(() => ({
    ...served,
    async uploads() {
      const list = new ListMultipartUploadsCommand({ Bucket: served.bucket });
      return (await emulator.resources.s3.send(list)).Uploads?.length ?? 0;
    },
    async stored() {
      const list = new ListObjectsV2Command({ Bucket: served.bucket });
      return (await emulator.resources.s3.send(list)).KeyCount ?? 0;
    },
  }));
});
