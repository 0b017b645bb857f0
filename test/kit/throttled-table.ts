import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamodbTable } from '../../services/adapters/aws/dynamodb-table.ts';
import type { Table } from '../../services/ports/table.ts';

/** The errors with which DynamoDB refuses requests that are too many. */
const throttlingErrors = [
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
] as const;

/** Which calls are throttled: reads, writes or all. */
export type CallKind = 'read' | 'write' | 'call';

/** A DynamoDB table that refuses every request with this error. Nothing is sent. */
function throttledTable(name: (typeof throttlingErrors)[number]): Table {
  const client = new DynamoDBClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const refuse = () => async () => {
    throw Object.assign(new Error('too many requests'), { name, $metadata: { httpStatusCode: 400 } });
  };
  client.middlewareStack.add(refuse, { step: 'deserialize' });
  return dynamodbTable({ client, tableName: 'registry', retryFor: 0 });
}

/**
 * A table whose calls go to `stored`, until `throttleFrom` is called: the first `passed` calls of `kind` after it still
 * do, and all later ones are throttled.
 */
export function throttleableTable(stored: Table) {
  let left = Number.POSITIVE_INFINITY;
  const refusing = throttlingErrors.map(throttledTable);
  let throttled = stored;
  let throttledKind: CallKind = 'call';
  const next = (kind: CallKind) =>
    throttledKind !== 'call' && throttledKind !== kind ? stored : left-- > 0 ? stored : throttled;
  const table: Table = {
    get: (key) => next('read').get(key),
    getMany: (wanted) => next('read').getMany(wanted),
    query: (query) => next('read').query(query),
    write: (operations) => next('write').write(operations),
    update: (key, changes, when) => next('write').update(key, changes, when),
  };
  return {
    table,
    throttleFrom(passed: number, kind: CallKind): void {
      throttled = refusing[passed % refusing.length] ?? stored;
      throttledKind = kind;
      left = passed;
    },
    /** Whether a call was throttled since `throttleFrom`. */
    wasThrottled: () => left < 0,
    recover(): void {
      left = Number.POSITIVE_INFINITY;
    },
  };
}
