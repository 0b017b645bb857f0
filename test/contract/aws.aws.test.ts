import { afterAll, beforeAll, describe } from 'vitest';
import { type Aws, type AwsSettings, openAws } from '../../services/adapters/aws/open-aws.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';
import { describeAddingFiles } from './add-files-cases.ts';
import { describeBlobStore } from './blob-store-contract.ts';
import { describeGroupDeletion } from './group-deletion-cases.ts';
import { describeGroupMoves } from './group-move-cases.ts';
import { describeHolders } from './holder-cases.ts';
import { describeLists } from './list-cases.ts';
import { describeNames } from './names-cases.ts';
import { describeNormalizing } from './normalize-cases.ts';
import { describeProjectDeletion } from './project-deletion-cases.ts';
import { describePublishing } from './publish-cases.ts';
import { describeQueue } from './queue-contract.ts';
import { describeRacingDeletes } from './racing-deletes-cases.ts';
import { describeRemoval } from './removal-cases.ts';
import { describeReservedPaths } from './reserved-paths-cases.ts';
import { describeSearch } from './search-cases.ts';
import { describeTable } from './table-contract.ts';

describe.skipIf(ministackMissing)(`AWS${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  let ministack: Ministack;
  let resources: AwsResources;
  beforeAll(async () => {
    ministack = await startMinistack({ iam: true });
    resources = awsResources(ministack.endpoint);
  });
  afterAll(async () => {
    resources?.close();
    await ministack?.stop();
  });

  /** The adapters on stores of their own. */
  async function open(maxAttempts = 3): Promise<{ aws: Aws; close(): Promise<void> }> {
    const settings: AwsSettings = {
      tableName: await resources.table(),
      auditTableName: 'unused',
      bucket: await resources.bucket(),
      queueUrls: { work: await resources.queue(maxAttempts) },
      endpoint: ministack.endpoint,
      s3PathStyle: true,
    };
    const aws = openAws(settings);
    return { aws, close: aws.close };
  }

  describeTable('DynamoDB', async () => {
    const { aws, close } = await open();
    return { table: aws.table, close };
  });
  describeBlobStore('S3', async () => {
    const { aws, close } = await open();
    return { blobs: aws.blobs, close };
  });
  describeQueue('SQS', async (options) => {
    const { aws, close } = await open(options.maxAttempts);
    return { queue: aws.queue('work', options), close };
  });
  for (const describeOn of [
    describePublishing,
    describeAddingFiles,
    describeRacingDeletes,
    describeRemoval,
    describeNames,
    describeReservedPaths,
    describeLists,
    describeGroupDeletion,
    describeGroupMoves,
    describeProjectDeletion,
    describeHolders,
    describeSearch,
    describeNormalizing,
  ]) {
    describeOn('AWS', async () => {
      const { aws, close } = await open();
      return { stores: { table: aws.table, blobs: aws.blobs }, close };
    });
  }
});
