import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  type Changes,
  type Condition,
  type Item,
  type Key,
  type Page,
  type Query,
  type Table,
  TableBusy,
  type Write,
} from '../../ports/table.ts';
import { checkKey, checkKeys, checkQuery, checkWrites } from '../../ports/table-rules.ts';
import { busyError, isPassing, toPortError } from './dynamodb-errors.ts';
import { toRequest, toUpdate } from './dynamodb-expressions.ts';
import { toRange } from './dynamodb-range.ts';
import { fromWireItem, toWireKey, type WireItem } from './dynamodb-values.ts';
import { withRetries } from './retry.ts';

/** A DynamoDB table with the keys `pk` and `sk`, and the indexes `index1` and `index2` that hold whole items. */
export interface DynamodbTableOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** How long contention and throttling are waited out, in milliseconds; a gateway gives up after 30 seconds. */
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
export function dynamodbTable(options: DynamodbTableOptions): Table {
  return {
    get: (key) => get(options, key),
    getMany: (keys) => getMany(options, keys),
    query: (query) => queryPage(options, query),
    write: (operations) => write(options, operations),
    update: (key, changes, when) => patiently(options, () => update(options, key, changes, when)),
  };
}

async function get({ client, tableName }: DynamodbTableOptions, key: Key): Promise<Item | undefined> {
  checkKey(key);
  const request = { TableName: tableName, Key: toWireKey(key), ConsistentRead: true };
  const { Item: found } = await client.send(new GetItemCommand(request));
  return found && fromWireItem(found);
}

async function getMany(options: DynamodbTableOptions, keys: readonly Key[]): Promise<(Item | undefined)[]> {
  checkKeys(keys);
  const distinct = new Map(keys.map((key) => [nameOf(key), toWireKey(key)]));
  const found = new Map<string, Item>();
  const deadline = performance.now() + patienceOf(options);
  let pending = [...distinct.values()];
  for (let round = 0; pending.length > 0; round++) {
    // DynamoDB answers in part when it is throttled, or past 16 MB.
    if (round > 0) await delay(Math.random() * Math.min(20 * 2 ** round, 1_000));
    const { items, rest } = await getBatch(options, pending);
    if (items.length === 0 && rest.length > 0 && performance.now() > deadline) throw new TableBusy();
    for (const item of items) found.set(nameOf(item), item);
    pending = rest;
  }
  return keys.map((key) => found.get(nameOf(key)));
}

async function getBatch({ client, tableName }: DynamodbTableOptions, keys: WireItem[]) {
  const request = { RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true } } };
  const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand(request));
  return {
    items: (Responses?.[tableName] ?? []).map(fromWireItem),
    rest: UnprocessedKeys?.[tableName]?.Keys ?? [],
  };
}

/** One string for a key; the length keeps apart what the two halves would blur. */
function nameOf({ pk, sk }: Key): string {
  return `${pk.length}:${pk}${sk}`;
}

async function queryPage({ client, tableName }: DynamodbTableOptions, query: Query): Promise<Page> {
  const limit = checkQuery(query);
  const range = toRange(query);
  if (range === undefined) return { items: [], more: false };
  const { index, reverse = false } = query;
  const items: Item[] = [];
  let position: WireItem | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: index,
        ConsistentRead: index === undefined,
        KeyConditionExpression: range.keyCondition,
        ...range.used.fields(),
        ScanIndexForward: !reverse,
        Limit: limit + 1 - items.length + range.excluded.length,
        ExclusiveStartKey: position,
      }),
    );
    for (const found of page.Items ?? []) {
      if (!range.excluded.includes(found[index ? `${index}sk` : 'sk']?.S ?? ''))
        items.push(fromWireItem(found));
    }
    position = page.LastEvaluatedKey;
  } while (position !== undefined && items.length <= limit);
  return { items: items.slice(0, limit), more: items.length > limit };
}

/** Waits out contention and throttling, and turns DynamoDB's refusals into the port's. */
async function patiently<T>(options: DynamodbTableOptions, attempt: () => Promise<T>): Promise<T> {
  try {
    return await withRetries(attempt, isPassing, patienceOf(options));
  } catch (error) {
    throw isPassing(error) ? busyError(error) : toPortError(error);
  }
}

function patienceOf({ patience = 20_000 }: DynamodbTableOptions): number {
  return patience;
}

async function write(options: DynamodbTableOptions, operations: readonly Write[]): Promise<void> {
  checkWrites(operations);
  const [first] = operations;
  if (first === undefined) return;
  if (operations.length > 1 || 'check' in first) return writeAll(options, operations);
  return patiently(options, () => writeOne(options, first));
}

async function writeOne({ client, tableName }: DynamodbTableOptions, operation: Write): Promise<void> {
  const { Put, Delete, Update } = toRequest(tableName, operation);
  if (Delete !== undefined) await client.send(new DeleteItemCommand(Delete));
  if (Update !== undefined) await client.send(new UpdateItemCommand(Update));
  if (Put === undefined) return;
  try {
    await client.send(new PutItemCommand({ ...Put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
  } catch (error) {
    if (!isOwnPut(error, Put.Item ?? {})) throw error;
  }
}

/** Whether a condition failed only because an earlier attempt, whose answer was lost, had put the item. */
function isOwnPut(error: unknown, put: WireItem): boolean {
  if (!(error instanceof ConditionalCheckFailedException)) return false;
  if ((error.$metadata.attempts ?? 1) === 1 || error.Item === undefined) return false;
  return isDeepStrictEqual(fromWireItem(error.Item), fromWireItem(put));
}

async function writeAll(options: DynamodbTableOptions, operations: readonly Write[]): Promise<void> {
  const TransactItems = operations.map((operation) => toRequest(options.tableName, operation));
  let ClientRequestToken = randomUUID();
  return patiently(options, async () => {
    try {
      await options.client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
    } catch (error) {
      // Only a cancelled transaction is known not to be applied; all else is repeated under its token.
      if (error instanceof TransactionCanceledException) ClientRequestToken = randomUUID();
      throw error;
    }
  });
}

async function update(
  { client, tableName }: DynamodbTableOptions,
  key: Key,
  changes: Changes,
  when: Condition | undefined,
): Promise<Item> {
  const operation = { update: key, ...changes, ...(when && { when }) };
  checkWrites([operation]);
  const request = { ...toUpdate(tableName, operation), ReturnValues: 'ALL_NEW' } as const;
  const { Attributes } = await client.send(new UpdateItemCommand(request));
  return fromWireItem(Attributes ?? {});
}
