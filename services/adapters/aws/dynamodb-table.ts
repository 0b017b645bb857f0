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
import { retryTransient, toPortError } from './dynamodb-errors.ts';
import { toUpdate, toWriteRequest } from './dynamodb-expressions.ts';
import { getItem, getItems, queryItems } from './dynamodb-reads.ts';
import { documentClient, fromDocument, fromWireItem, toWireItem } from './dynamodb-values.ts';

/**
 * How long throttled or conflicting writes are retried, in milliseconds. API Gateway times out after 30 seconds.
 */
const RETRY_WRITES_FOR = 20_000;

/** How long throttled reads are retried, in milliseconds. A request makes several in sequence. */
const RETRY_READS_FOR = 5_000;

/**
 * A DynamoDB table with the keys `pk` and `sk`, and the indexes `index1` and `index2`, which project whole items.
 */
export interface DynamodbTableOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Overrides how long writes are retried, in milliseconds. Reads are retried for at most as long. */
  readonly retryFor?: number;
}

/**
 * The `Table` port on DynamoDB.
 *
 * A single operation is a plain request: it costs half of a transaction, and waits for a busy item instead of
 * conflicting. Several operations are a transaction with an idempotency token, so that a retry after a lost
 * response is not applied twice. A single operation has no token: if its response is lost, `add` may count twice,
 * and the retry of a conditional update or delete may fail because of the first attempt (a put recognizes its own
 * item). Where that matters, add a `check`.
 */
export function dynamodbTable({ retryFor = RETRY_WRITES_FOR, ...options }: DynamodbTableOptions): Table {
  const writing = { ...options, client: documentClient(options.client), retryFor };
  const reading = { ...writing, retryFor: Math.min(retryFor, RETRY_READS_FOR) };
  return {
    get: (key) => getItem(reading, key),
    getMany: (keys) => getItems(reading, keys),
    query: (query) => queryItems(reading, query),
    write: (operations) => write(writing, operations),
    update: (key, changes, when) => withPortErrors(writing, () => update(writing, key, changes, when)),
  };
}

/** Retries contention and throttling, and maps DynamoDB's errors to the port's. */
async function withPortErrors<T>({ retryFor }: WriteOptions, attempt: () => Promise<T>): Promise<T> {
  try {
    return await retryTransient(retryFor, attempt);
  } catch (error) {
    throw toPortError(error);
  }
}

interface WriteOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly retryFor: number;
}

async function write(options: WriteOptions, operations: readonly Write[]): Promise<void> {
  checkWrites(operations);
  const [first] = operations;
  if (first === undefined) return;
  if (operations.length > 1 || 'check' in first) return writeAll(options, operations);
  return withPortErrors(options, () => writeOne(options, first));
}

async function writeOne({ client, tableName }: WriteOptions, operation: Write): Promise<void> {
  const { Put, Delete, Update } = toWriteRequest(tableName, operation);
  if (Delete !== undefined) await client.send(new DeleteCommand(Delete));
  if (Update !== undefined) await client.send(new UpdateCommand(Update));
  if (Put === undefined) return;
  try {
    await client.send(new PutCommand({ ...Put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
  } catch (error) {
    if (!('put' in operation && isOwnPut(error, operation.put))) throw error;
  }
}

/** Whether a condition failed only because an earlier attempt, whose response was lost, had put the item. */
function isOwnPut(error: unknown, put: Item): boolean {
  if (!(error instanceof ConditionalCheckFailedException)) return false;
  if ((error.$metadata.attempts ?? 1) === 1 || error.Item === undefined) return false;
  return isDeepStrictEqual(fromWireItem(error.Item), fromWireItem(toWireItem(put)));
}

async function writeAll(options: WriteOptions, operations: readonly Write[]): Promise<void> {
  const TransactItems = operations.map((operation) => toWriteRequest(options.tableName, operation));
  let ClientRequestToken = randomUUID();
  return withPortErrors(options, async () => {
    try {
      await options.client.send(new TransactWriteCommand({ TransactItems, ClientRequestToken }));
    } catch (error) {
      // Only a cancelled transaction is certainly not applied; anything else is retried with the same token.
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
