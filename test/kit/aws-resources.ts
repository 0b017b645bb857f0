import { randomBytes, randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';

/** Makes what the adapters need, as the stacks do on AWS. Names are new each time. */
export interface AwsResources {
  readonly s3: S3Client;
  table(): Promise<string>;
  bucket(): Promise<string>;
  /** A secret of 64 characters; returns its name. */
  secret(): Promise<string>;
  queue(maxAttempts: number): Promise<{ readonly url: string; readonly deadLetterUrl: string }>;
  close(): void;
}

/** Opens clients on the emulator at `endpoint`; credentials and region come from the environment. */
export function awsResources(endpoint: string): AwsResources {
  const dynamodb = new DynamoDBClient({ endpoint });
  const s3 = new S3Client({ endpoint, forcePathStyle: true });
  const sqs = new SQSClient({ endpoint });
  const secrets = new SecretsManagerClient({ endpoint });
  return {
    s3,
    table: () => makeTable(dynamodb),
    async bucket() {
      const Bucket = `test-${randomUUID()}`;
      await s3.send(new CreateBucketCommand({ Bucket }));
      return Bucket;
    },
    async secret() {
      const Name = `test-${randomUUID()}`;
      const SecretString = randomBytes(32).toString('hex');
      await secrets.send(new CreateSecretCommand({ Name, SecretString }));
      return Name;
    },
    async queue(maxAttempts) {
      const deadLetterUrl = await makeQueue(sqs);
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: deadLetterUrl, AttributeNames: ['QueueArn'] }),
      );
      const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: maxAttempts };
      return { url: await makeQueue(sqs, { RedrivePolicy: JSON.stringify(policy) }), deadLetterUrl };
    },
    close() {
      for (const client of [dynamodb, s3, sqs, secrets]) client.destroy();
    },
  };
}

async function makeTable(dynamodb: DynamoDBClient): Promise<string> {
  const TableName = `test-${randomUUID()}`;
  const names = ['pk', 'sk', 'index1pk', 'index1sk', 'index2pk', 'index2sk'];
  const keys = (pk: string, sk: string) => [
    { AttributeName: pk, KeyType: 'HASH' as const },
    { AttributeName: sk, KeyType: 'RANGE' as const },
  ];
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys('pk', 'sk'),
      GlobalSecondaryIndexes: ['index1', 'index2'].map((index) => ({
        IndexName: index,
        KeySchema: keys(`${index}pk`, `${index}sk`),
        Projection: { ProjectionType: 'ALL' },
      })),
    }),
  );
  return TableName;
}

async function makeQueue(sqs: SQSClient, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: randomUUID(), Attributes }));
  if (QueueUrl === undefined) throw new Error('the emulator made a queue without an address');
  return QueueUrl;
}
