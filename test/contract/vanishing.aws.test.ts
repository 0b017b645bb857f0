import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { openAws } from '../../services/adapters/aws/open-aws.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { useMinistack } from '../kit/use-ministack.ts';
import { describeVanishing, type WatchedStores } from './vanishing-cases.ts';

describe.skipIf(ministackMissing)(`AWS${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  const emulator = useMinistack();

  describeVanishing('DynamoDB and S3', async (): Promise<WatchedStores> => {
    const bucket = await emulator.resources.bucket();
    const aws = openAws({
      tableName: await emulator.resources.table(),
      auditTableName: await emulator.resources.table(),
      bucket,
      queueUrls: {},
      endpoint: emulator.endpoint,
      s3PathStyle: true,
    });
    const list = new ListMultipartUploadsCommand({ Bucket: bucket });
    return {
      stores: aws,
      uploads: async () => (await emulator.resources.s3.send(list)).Uploads?.length ?? 0,
      close: aws.close,
    };
  });
});
