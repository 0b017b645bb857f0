import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { describeInterrupted } from '../clients/interrupted.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';
import { type ServedOnAws, serveOnAws } from '../kit/serve-on-aws.ts';

describe.skipIf(ministackMissing)('on DynamoDB and S3', () => {
  let ministack: Ministack;
  let resources: AwsResources;
  let served: ServedOnAws;
  beforeAll(async () => {
    ministack = await startMinistack();
    resources = awsResources(ministack.endpoint);
    served = await serveOnAws({ resources, endpoint: ministack.endpoint });
  });
  afterAll(async () => {
    expect(served.errors).toEqual([]);
    await served?.stop();
    resources?.close();
    await ministack?.stop();
  });

  describeInterrupted(() => ({
    ...served,
    async uploads() {
      const list = new ListMultipartUploadsCommand({ Bucket: served.bucket });
      return (await resources.s3.send(list)).Uploads?.length ?? 0;
    },
    async stored() {
      const list = new ListObjectsV2Command({ Bucket: served.bucket });
      return (await resources.s3.send(list)).KeyCount ?? 0;
    },
  }));
});
