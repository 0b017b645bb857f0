import { afterAll, beforeAll, describe } from 'vitest';
import { openAws } from '../../services/adapters/aws/open-aws.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';
import { describeChecks } from './check-cases.ts';
import type { OpenedStores } from './publish-cases.ts';
import { describeSweeping } from './sweep-cases.ts';

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

  async function open(): Promise<OpenedStores> {
    const aws = openAws({
      tableName: await resources.table(),
      auditTableName: await resources.table(),
      bucket: await resources.bucket(),
      queueUrls: {},
      endpoint: ministack.endpoint,
      s3PathStyle: true,
    });
    return { stores: aws, close: aws.close };
  }

  describeSweeping('DynamoDB and S3', open, 520);
  describeChecks('DynamoDB and S3', open);
});
