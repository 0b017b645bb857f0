import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { GetBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type DescribedTable, type TableNeeds, tableProblems } from './table-problems.ts';

/** Stores that a deployment did not make: names of tables and a bucket, ARNs of secrets. */
export interface ForeignStores {
  readonly table?: string | undefined;
  readonly auditTable?: string | undefined;
  readonly bucket?: string | undefined;
  readonly secrets: readonly string[];
  /** Whether tables must be protected from deletion. */
  readonly protection: boolean;
}

/** What is wrong with the stores, a text each, and the ARN of the table's stream, if it has one. */
export interface CheckedStores {
  readonly problems: readonly string[];
  readonly stream: string | undefined;
}

/** Describes the stores and says what they lack to be used by a deployment. Changes nothing. */
export async function checkStores(stores: ForeignStores): Promise<CheckedStores> {
  const { protection } = stores;
  const dynamodb = new DynamoDBClient();
  try {
    const [registry, audit, bucket, ...secrets] = await Promise.all([
      checkTable(dynamodb, stores.table, { stream: true, protection }),
      checkTable(dynamodb, stores.auditTable, { stream: false, protection }),
      checkBucket(stores.bucket),
      ...stores.secrets.map(checkSecret),
    ]);
    return {
      problems: [...registry.problems, ...audit.problems, ...bucket, ...secrets.flat()],
      stream: registry.stream,
    };
  } finally {
    dynamodb.destroy();
  }
}

async function checkTable(
  client: DynamoDBClient,
  name: string | undefined,
  needs: TableNeeds,
): Promise<CheckedStores> {
  if (name === undefined) return { problems: [], stream: undefined };
  const described = await describeTable(client, name);
  if (!described) return { problems: [`there is no table ${name} in this region`], stream: undefined };
  return { problems: tableProblems(described, needs), stream: described.table.LatestStreamArn };
}

async function describeTable(client: DynamoDBClient, TableName: string): Promise<DescribedTable | undefined> {
  try {
    const [{ Table }, { TimeToLiveDescription }, { ContinuousBackupsDescription }] = await Promise.all([
      client.send(new DescribeTableCommand({ TableName })),
      client.send(new DescribeTimeToLiveCommand({ TableName })),
      client.send(new DescribeContinuousBackupsCommand({ TableName })),
    ]);
    return Table && { table: Table, expiry: TimeToLiveDescription, backups: ContinuousBackupsDescription };
  } catch (error) {
    if (error instanceof ResourceNotFoundException || nameOf(error) === 'TableNotFoundException') {
      return undefined;
    }
    throw error;
  }
}

async function checkBucket(Bucket: string | undefined): Promise<string[]> {
  if (Bucket === undefined) return [];
  const client = new S3Client();
  try {
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }));
    if (Status === 'Enabled') return [];
    return [
      `the bucket ${Bucket} keeps no versions: aws s3api put-bucket-versioning --bucket ${Bucket} --versioning-configuration Status=Enabled`,
    ];
  } catch (error) {
    return [`the bucket ${Bucket} can't be used: ${(error as Error).message || nameOf(error)}`];
  } finally {
    client.destroy();
  }
}

async function checkSecret(SecretId: string): Promise<string[]> {
  const client = new SecretsManagerClient();
  try {
    const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId }));
    return DeletedDate
      ? [`the secret ${SecretId} is deleted: aws secretsmanager restore-secret --secret-id ${SecretId}`]
      : [];
  } catch (error) {
    return [`the secret ${SecretId} can't be used: ${(error as Error).message}`];
  } finally {
    client.destroy();
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
