import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Changes, Condition, Item, Key, Table, Write } from '../../ports/table.ts';
import { checkWrites } from '../../ports/table-rules.ts';
import { retryPassing, toPortError } from './dynamodb-errors.ts';
import { toRequest, toUpdate } from './dynamodb-expressions.ts';
import { getItem, getItems, queryItems } from './dynamodb-reads.ts';
import { documentClient, fromDocument, fromWireItem, toWireItem } from './dynamodb-values.ts';

/** How long a throttled or contended write is retried, in milliseconds; API Gateway gives up after 30 seconds. */
const WRITE_PATIENCE = 20_000;

/** How long a throttled read is retried, in milliseconds: a request makes several in a row. */
const READ_PATIENCE = 5_000;

/** A DynamoDB table with the keys `pk` and `sk`, and the indexes `index1` and `index2` that hold whole items. */
export interface DynamodbTableOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Overrides how long writes are retried, in milliseconds; reads never longer than that. */
  readonly patience?: number;
}

/**
 * The `Table` port on DynamoDB.
 *
 * A single operation is a plain request: it costs half of a transaction and queues at the item instead of colliding.
 * Several are one transaction with a token, so that a repeat after a lost answer is not applied twice.
 * A single operation has none: when its answer is lost, `add` may count twice, and the repeat of a conditional update
 * or delete may find its condition undone by itself (a put recognises its own item). Where that matters, add a `check`.
 */
export function dynamodbTable({ patience = WRITE_PATIENCE, ...options }: DynamodbTableOptions): Table {
  const writing = { ...options, client: documentClient(options.client), patience };
  const reading = { ...writing, patience: Math.min(patience, READ_PATIENCE) };
  return {
    get: (key) => getItem(reading, key),
    getMany: (keys) => getItems(reading, keys),
    query: (query) => queryItems(reading, query),
    write: (operations) => write(writing, operations),
    update: (key, changes, when) => patiently(writing, () => update(writing, key, changes, when)),
  };
}

/** Retries contention and throttling, and turns DynamoDB's errors into the port's. */
async function patiently<T>({ patience }: WriteOptions, attempt: () => Promise<T>): Promise<T> {
  try {
    return await retryPassing(patience, attempt);
  } catch (error) {
    throw toPortError(error);
  }
}

interface WriteOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly patience: number;
}

async function write(options: WriteOptions, operations: readonly Write[]): Promise<void> {
  checkWrites(operations);
  const [first] = operations;
  if (first === undefined) return;
  if (operations.length > 1 || 'check' in first) return writeAll(options, operations);
  return patiently(options, () => writeOne(options, first));
}

async function writeOne({ client, tableName }: WriteOptions, operation: Write): Promise<void> {
  const { Put, Delete, Update } = toRequest(tableName, operation);
  if (Delete !== undefined) await client.send(new DeleteCommand(Delete));
  if (Update !== undefined) await client.send(new UpdateCommand(Update));
  if (Put === undefined) return;
  try {
    await client.send(new PutCommand({ ...Put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
  } catch (error) {
    if (!('put' in operation && isOwnPut(error, operation.put))) throw error;
  }
}

/** Whether a condition failed only because an earlier attempt, whose answer was lost, had put the item. */
function isOwnPut(error: unknown, put: Item): boolean {
  if (!(error instanceof ConditionalCheckFailedException)) return false;
  if ((error.$metadata.attempts ?? 1) === 1 || error.Item === undefined) return false;
  return isDeepStrictEqual(fromWireItem(error.Item), fromWireItem(toWireItem(put)));
}

async function writeAll(options: WriteOptions, operations: readonly Write[]): Promise<void> {
  const TransactItems = operations.map((operation) => toRequest(options.tableName, operation));
  let ClientRequestToken = randomUUID();
  return patiently(options, async () => {
    try {
      await options.client.send(new TransactWriteCommand({ TransactItems, ClientRequestToken }));
    } catch (error) {
      // Only a cancelled transaction is known not to be applied; all else is repeated under its token.
      if (error instanceof TransactionCanceledException) ClientRequestToken = randomUUID();
      throw error;
    }
  });
}

async function update(
  { client, tableName }: WriteOptions,
  key: Key,
  changes: Changes,
  when: Condition | undefined,
): Promise<Item> {
  const operation = { update: key, ...changes, ...(when && { when }) };
  checkWrites([operation]);
  const request = { ...toUpdate(tableName, operation), ReturnValues: 'ALL_NEW' } as const;
  const { Attributes } = await client.send(new UpdateCommand(request));
  return fromDocument(Attributes ?? {});
}
