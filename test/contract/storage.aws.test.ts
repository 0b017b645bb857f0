import { describe } from 'vitest';
import { openAws } from '../../services/adapters/aws/open-aws.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { useMinistack } from '../kit/use-ministack.ts';
import { describeChecks } from './check-cases.ts';
import { describeSweeping } from './sweep-cases.ts';
import { describeUpgrades } from './upgrade-cases.ts';

describe.skipIf(ministackMissing)(`AWS${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  const emulator = useMinistack();

  async function open() {
    const aws = openAws({
      tableName: await emulator.resources.table(),
      auditTableName: await emulator.resources.table(),
      bucket: await emulator.resources.bucket(),
      queueUrls: {},
      endpoint: emulator.endpoint,
      s3PathStyle: true,
    });
    return { stores: aws, close: aws.close };
  }

  describeSweeping('DynamoDB and S3', open, 520);
  describeChecks('DynamoDB and S3', open);
  describeUpgrades('DynamoDB and S3', open);
});
