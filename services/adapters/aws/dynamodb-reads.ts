import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { type Item, type Key, type Page, type Query, TableBusy } from '../../ports/table.ts';
import { checkKey, checkKeys, checkQuery } from '../../ports/table-rules.ts';
import { retryTransient } from './dynamodb-errors.ts';
import { keyOf } from './dynamodb-expressions.ts';
import { type Range, toRange } from './dynamodb-range.ts';
import { type Document, fromDocument } from './dynamodb-values.ts';

/** A table, and how long throttled reads are retried, in milliseconds. */
export interface ReadOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly retryFor: number;
}

/**
 * See `Table.get`.
 * @throws TableBusy when reads stay throttled
 */
export async function getItem(options: ReadOptions, key: Key): Promise<Item | undefined> {
  checkKey(key);
  const request = { TableName: options.tableName, Key: keyOf(key), ConsistentRead: true };
  return retryTransient(options.retryFor, async () => {
    const { Item: found } = await options.client.send(new GetCommand(request));
    return found && fromDocument(found);
  });
}

/**
 * See `Table.getMany`. DynamoDB returns partial results when throttled, or past 16 MB.
 * @throws TableBusy when reads stay throttled
 */
export async function getItems(options: ReadOptions, keys: readonly Key[]): Promise<(Item | undefined)[]> {
  checkKeys(keys);
  const distinct = new Map(keys.map((key) => [nameOf(key), keyOf(key)]));
  const found = new Map<string, Item>();
  let pending: readonly Key[] = [...distinct.values()];
  await retryTransient(options.retryFor, async () => {
    if (pending.length === 0) return;
    const { items, rest } = await getBatch(options, pending);
    for (const item of items) found.set(nameOf(item), item);
    pending = rest;
    if (pending.length > 0) throw new TableBusy();
  });
  return keys.map((key) => found.get(nameOf(key)));
}

async function getBatch({ client, tableName }: ReadOptions, keys: readonly Key[]) {
  const request = { RequestItems: { [tableName]: { Keys: [...keys], ConsistentRead: true } } };
  const { Responses, UnprocessedKeys } = await client.send(new BatchGetCommand(request));
  return {
    items: (Responses?.[tableName] ?? []).map(fromDocument),
    rest: (UnprocessedKeys?.[tableName]?.Keys ?? []) as Key[],
  };
}

/** A unique string for a key. The length separates `pk` from `sk`. */
function nameOf({ pk, sk }: Key): string {
  return `${pk.length}:${pk}${sk}`;
}

/**
 * See `Table.query`. DynamoDB ends a page at 1 MB; a retry continues after the pages that were read.
 * @throws TableBusy when reads stay throttled
 */
export async function queryItems(options: ReadOptions, query: Query): Promise<Page> {
  const limit = checkQuery(query);
  const range = toRange(query);
  if (range === undefined) return { items: [], more: false };
  const items: Item[] = [];
  let position: Document | undefined;
  await retryTransient(options.retryFor, async () => {
    do {
      const Limit = limit + 1 - items.length + range.excluded.length;
      const request = {
        ...toQueryRequest(options.tableName, query, range),
        Limit,
        ExclusiveStartKey: position,
      };
      const part = await options.client.send(new QueryCommand(request));
      for (const found of part.Items ?? []) {
        if (!isExcluded(found, query, range)) items.push(fromDocument(found));
      }
      position = part.LastEvaluatedKey;
    } while (position !== undefined && items.length <= limit);
  });
  return { items: items.slice(0, limit), more: items.length > limit };
}

function toQueryRequest(TableName: string, { index, reverse = false }: Query, range: Range) {
  return {
    TableName,
    IndexName: index,
    ConsistentRead: index === undefined,
    KeyConditionExpression: range.keyCondition,
    ...range.used.fields(),
    ScanIndexForward: !reverse,
  };
}

function isExcluded(found: Document, { index }: Query, { excluded }: Range): boolean {
  return excluded.includes(found[index ? `${index}sk` : 'sk']);
}
