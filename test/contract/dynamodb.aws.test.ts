import {
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  DynamoDBClient,
  type QueryCommandInput,
  TransactionCanceledException,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamodbTable } from '../../services/adapters/aws/dynamodb-table.ts';
import { ConditionFailed, type Table, type Write } from '../../services/ports/table.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { loseAnswers, onAttempt, onCommand } from '../kit/faults.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';

describe.skipIf(ministackMissing)(`DynamoDB${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  let ministack: Ministack;
  let resources: AwsResources;
  let tableName: string;
  beforeAll(async () => {
    ministack = await startMinistack({ iam: true });
    resources = awsResources(ministack.endpoint);
    tableName = await resources.table();
  });
  afterAll(async () => {
    resources?.close();
    await ministack?.stop();
  });

  function open(retryFor?: number, maxAttempts = 3): { client: DynamoDBClient; table: Table } {
    const client = new DynamoDBClient({ endpoint: ministack.endpoint, maxAttempts });
    return { client, table: dynamodbTable({ client, tableName, ...(retryFor && { retryFor }) }) };
  }

  describe('a lost response', () => {
    test('does not make a put conflict with itself', async () => {
      const { client, table } = open();
      loseAnswers(client, ['PutItemCommand'], 1);
      const item = { pk: 'lost', sk: 'put', map: { list: [1, 'two', null] }, bytes: new Uint8Array([1, 2]) };
      await table.write([{ put: item, when: { exists: false } }]);
      expect((await table.get(item))?.map).toEqual(item.map);
    });

    test('does not hide that another item was there first', async () => {
      const { client, table } = open();
      const key = { pk: 'lost', sk: 'other put' };
      await table.write([{ put: { ...key, by: 'another' } }]);
      loseAnswers(client, ['PutItemCommand'], 1);
      const writing = table.write([{ put: { ...key, by: 'me' }, when: { exists: false } }]);
      await expect(writing).rejects.toThrow(ConditionFailed);
    });

    test('does not apply a transaction twice', async () => {
      const { client, table } = open();
      loseAnswers(client, ['TransactWriteItemsCommand'], 2);
      const key = { pk: 'lost', sk: 'counter' };
      await table.write([
        { update: key, add: { n: 1 } },
        { put: { pk: 'lost', sk: 'once' }, when: { exists: false } },
      ]);
      expect(await table.get(key)).toMatchObject({ n: 1 });
    });
  });

  describe('contention', () => {
    const two: Write[] = [
      { update: { pk: 'busy', sk: 'a' }, add: { n: 1 }, when: { equals: { other: undefined } } },
      { update: { pk: 'busy', sk: 'b' }, add: { n: 1 } },
    ];

    test('in a transaction is retried, each time with a new token', async () => {
      const { client, table } = open();
      const tokens = new Set<string>();
      onCommand(client, 'TransactWriteItemsCommand', (input: TransactWriteItemsCommandInput) => {
        tokens.add(input.ClientRequestToken!);
      });
      onAttempt(client, 'TransactWriteItemsCommand', (count) => {
        if (count <= 3) throw cancelled('TransactionConflict', 'ConditionalCheckFailed');
      });
      await table.write(two);
      expect(tokens.size).toBe(4);
      expect((await table.query({ pk: 'busy' })).items.map(({ n }) => n)).toEqual([1, 1]);
    });

    test('between a single write and a transaction is retried', async () => {
      const { client, table } = open();
      onAttempt(client, 'UpdateItemCommand', (count) => {
        if (count <= 2) throw errorNamed('TransactionConflictException');
      });
      const key = { pk: 'busy', sk: 'single' };
      expect(await table.update(key, { add: { n: 1 } })).toEqual({ ...key, n: 1 });
    });

    test('does not hide a failed condition', async () => {
      const { client, table } = open();
      onAttempt(client, 'TransactWriteItemsCommand', () => {
        throw cancelled('None', 'ConditionalCheckFailed', 'TransactionConflict');
      });
      await expect(table.write(two)).rejects.toMatchObject({ name: 'ConditionFailed', operation: 1 });
    });

    test('that lasts is reported as TableBusy', async () => {
      const { client, table } = open(300);
      onAttempt(client, 'TransactWriteItemsCommand', () => {
        throw cancelled('TransactionConflict', 'None');
      });
      await expect(table.write(two)).rejects.toMatchObject({ name: 'TableBusy' });
    });
  });

  test('a transaction that is cancelled for another reason reports the operation and the reason', async () => {
    const { client, table } = open();
    onAttempt(client, 'TransactWriteItemsCommand', () => {
      throw cancelled('None', 'ValidationError');
    });
    const writing = table.write([{ delete: { pk: 'a', sk: 'a' } }, { delete: { pk: 'a', sk: 'b' } }]);
    await expect(writing).rejects.toThrow(/operation 1.*ValidationError/);
  });

  test('a batch read requests the keys that were left unprocessed', async () => {
    const { client, table } = open();
    const keys = Array.from({ length: 20 }, (_, n) => ({ pk: 'parts', sk: `item ${n}` }));
    await table.write(keys.map((put) => ({ put })));
    let unprocessed: BatchGetItemCommandOutput['UnprocessedKeys'] = {};
    onCommand(
      client,
      'BatchGetItemCommand',
      ({ RequestItems }: BatchGetItemCommandInput) => {
        const Keys = RequestItems![tableName]!.Keys!.splice(3);
        unprocessed = Keys.length > 0 ? { [tableName]: { Keys } } : {};
      },
      (output: BatchGetItemCommandOutput) => {
        output.UnprocessedKeys = unprocessed;
      },
    );
    expect(await table.getMany(keys)).toEqual(keys);
  });

  test('a batch read that stays throttled is reported as TableBusy', async () => {
    const { client, table } = open(200);
    let requested: BatchGetItemCommandInput['RequestItems'] = {};
    onCommand(
      client,
      'BatchGetItemCommand',
      ({ RequestItems }: BatchGetItemCommandInput) => {
        requested = RequestItems;
      },
      (output: BatchGetItemCommandOutput) => {
        output.Responses = {};
        output.UnprocessedKeys = requested;
      },
    );
    await expect(table.getMany([{ pk: 'a', sk: 'a' }])).rejects.toMatchObject({ name: 'TableBusy' });
  });

  describe.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'])(
    '%s on a read',
    (name) => {
      const key = { pk: 'throttled', sk: 'read' };
      const kinds: readonly [string, string, (table: Table) => Promise<unknown>, unknown][] = [
        ['get', 'GetItemCommand', (table) => table.get(key), key],
        ['get of many', 'BatchGetItemCommand', (table) => table.getMany([key]), [key]],
        ['query', 'QueryCommand', (table) => table.query({ pk: key.pk }), { items: [key], more: false }],
      ];

      test.each(kinds)('is retried: %s', async (_kind, command, read, expected) => {
        const { client, table } = open();
        await table.write([{ put: key }]);
        onAttempt(client, command, (count) => {
          if (count <= 3) throw errorNamed(name);
        });
        expect(await read(table)).toEqual(expected);
      });

      test.each(kinds)('is reported as TableBusy if it lasts: %s', async (_kind, command, read) => {
        const { client, table } = open(200);
        onAttempt(client, command, () => {
          throw errorNamed(name);
        });
        await expect(read(table)).rejects.toMatchObject({ name: 'TableBusy', mayBeWritten: false });
      });
    },
  );

  test('a query that is throttled halfway resumes where it was', async () => {
    const { client, table } = open();
    const keys = Array.from({ length: 9 }, (_, n) => ({ pk: 'half-way', sk: `item ${n}` }));
    await table.write(keys.map((put) => ({ put })));
    onCommand(client, 'QueryCommand', (input: QueryCommandInput) => {
      input.Limit = Math.min(input.Limit!, 4);
    });
    onAttempt(client, 'QueryCommand', (count) => {
      if (count === 2) throw errorNamed('ThrottlingException');
    });
    expect(await table.query({ pk: 'half-way' })).toEqual({ items: keys, more: false });
  });

  test('a query joins pages that DynamoDB cuts short, as at 1 MB', async () => {
    const { client, table } = open();
    const keys = Array.from({ length: 25 }, (_, n) => ({
      pk: 'cut',
      sk: `item ${String(n).padStart(2, '0')}`,
    }));
    await table.write(keys.map((put) => ({ put })));
    onCommand(client, 'QueryCommand', (input: QueryCommandInput) => {
      input.Limit = Math.min(input.Limit!, 4);
    });
    expect(await table.query({ pk: 'cut' })).toEqual({ items: keys, more: false });
    expect(await table.query({ pk: 'cut', limit: 24 })).toEqual({ items: keys.slice(0, 24), more: true });
    const query = { pk: 'cut', prefix: 'item 1', after: 'item 18', reverse: true, limit: 8 };
    expect(await table.query(query)).toEqual({ items: keys.slice(10, 18).reverse(), more: false });
  });
});

function cancelled(...codes: string[]): Error {
  const CancellationReasons = codes.map((Code) => ({ Code }));
  return new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons });
}

function errorNamed(name: string): Error {
  return Object.assign(new Error(name), { name });
}
