import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe } from 'vitest';
import { openAws } from '../../services/adapters/aws/open-aws.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';
import { describeVanishing, type WatchedStores } from './vanishing-cases.ts';

describe.skipIf(ministackMissing)(`AWS${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  let ministack: Ministack;
  let resources: AwsResources;
  beforeAll(async () => {
    ministack = await startMinistack();
    resources = awsResources(ministack.endpoint);
  });
  afterAll(async () => {
    resources?.close();
    await ministack?.stop();
  });

  describeVanishing('DynamoDB and S3', async (): Promise<WatchedStores> => {
    const bucket = await resources.bucket();
    const aws = openAws({
      tableName: await resources.table(),
      auditTableName: await resources.table(),
      bucket,
      queueUrls: {},
      endpoint: ministack.endpoint,
      s3PathStyle: true,
    });
    const list = new ListMultipartUploadsCommand({ Bucket: bucket });
    return {
      stores: aws,
      uploads: async () => (await resources.s3.send(list)).Uploads?.length ?? 0,
      close: aws.close,
    };
  });
});
