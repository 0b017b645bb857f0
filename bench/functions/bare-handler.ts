/**
 * A function that reads DynamoDB and links to S3 without any code of its own: it has the same clients as Packhouse, and
 * makes as many sequential requests as Packhouse's first response needs.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const TableName = process.env.PACKHOUSE_TABLE ?? '';
const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const store = new S3Client({});

/** Uses of the other clients, which must be loaded although a first read does not need them. */
export const others = {
  link: (Key: string) => getSignedUrl(store, new GetObjectCommand({ Bucket: 'bench', Key })),
  put: (Key: string) => store.send(new PutObjectCommand({ Bucket: 'bench', Key, Body: '' })),
};

function get(pk: string) {
  return table.send(new GetCommand({ TableName, Key: { pk, sk: 'META' } }));
}

/** Reads the table three times in a row and responds. */
export async function handler(): Promise<object> {
  await Promise.all([get('TOKEN#1'), get('PROJECT#1')]);
  const Keys = ['USER#1', 'PROJECT#1', 'GROUP#1'].map((pk) => ({ pk, sk: 'META' }));
  await table.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }));
  await get('DOCUMENT#1');
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
}
