import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DescribedTable, tableProblems } from '../../../../services/adapters/aws/table-problems.ts';
import { keys } from '../../../../services/registry/records/keys.ts';

const keysOf = (prefix: string) => [
  { AttributeName: `${prefix}pk`, KeyType: 'HASH' as const },
  { AttributeName: `${prefix}sk`, KeyType: 'RANGE' as const },
];

/** A table that a deployment can use, but for what `changes` say. */
function described(
  changes: Partial<DescribedTable['table']> = {},
  others: Partial<Omit<DescribedTable, 'table'>> = {},
): DescribedTable {
  const indexes = ['index1', 'index2'];
  return {
    table: {
      TableName: 'restored',
      TableStatus: 'ACTIVE',
      KeySchema: keysOf(''),
      AttributeDefinitions: ['', ...indexes].flatMap((prefix) =>
        keysOf(prefix).map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const })),
      ),
      GlobalSecondaryIndexes: indexes.map((IndexName) => ({
        IndexName,
        IndexStatus: 'ACTIVE',
        KeySchema: keysOf(IndexName),
        Projection: { ProjectionType: 'ALL' },
      })),
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      DeletionProtectionEnabled: true,
      ...changes,
    },
    expiry: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' },
    backups: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
    },
    ...others,
  };
}

const problemsOf = (table: DescribedTable, needs = { stream: true, protection: true }) =>
  tableProblems(table, needs);

/** As a restore leaves it. */
const restored = described(
  { StreamSpecification: undefined, DeletionProtectionEnabled: false },
  { expiry: { TimeToLiveStatus: 'DISABLED' }, backups: { ContinuousBackupsStatus: 'ENABLED' } },
);

/** The runbook, each command in a line. */
function readRunbook(): string {
  const file = join(import.meta.dirname, '../../../../docs/restore-on-aws.md');
  return readFileSync(file, 'utf8').replace(/ \\\n */g, ' ');
}

it('the runbook has the key under which the storage location of blobs is recorded', () => {
  const { pk, sk } = keys.storage();
  expect(readRunbook()).toContain(JSON.stringify({ pk: { S: pk }, sk: { S: sk } }));
});

describe('a table that a deployment did not make', () => {
  it('can be used with all that a registry needs', () => {
    expect(problemsOf(described())).toEqual([]);
  });

  it('can be used while its expiry is being enabled, which takes an hour', () => {
    const expiry = { TimeToLiveStatus: 'ENABLING', AttributeName: 'expiresAt' } as const;
    expect(problemsOf(described({}, { expiry }))).toEqual([]);
  });

  it('gets from the runbook what it lacks after a restore', () => {
    const runbook = readRunbook();
    for (const problem of problemsOf(restored)) {
      const command = problem
        .slice(problem.indexOf('aws dynamodb'))
        .replaceAll('restored', 'packhouse-restored');
      expect(runbook).toContain(command);
    }
  });

  it('as a restore leaves it, lacks four things, each with the command that mends it', () => {
    expect(problemsOf(restored)).toEqual([
      'the table restored has no stream of the type NEW_AND_OLD_IMAGES: aws dynamodb update-table --table-name restored --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES',
      'the table restored has no expiry by expiresAt: aws dynamodb update-time-to-live --table-name restored --time-to-live-specification Enabled=true,AttributeName=expiresAt',
      'the table restored has no point-in-time recovery: aws dynamodb update-continuous-backups --table-name restored --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true',
      'the table restored has no deletion protection: aws dynamodb update-table --table-name restored --deletion-protection-enabled',
    ]);
  });

  it('needs neither stream nor protection where none is required', () => {
    const plain = described({ StreamSpecification: undefined, DeletionProtectionEnabled: false });
    expect(problemsOf(plain, { stream: false, protection: false })).toEqual([]);
  });

  it.each([
    [
      'a stream of keys only',
      { StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } },
      /no stream/,
    ],
    ['a restore in progress', { TableStatus: 'CREATING' }, /is CREATING: wait/],
    ['other keys', { KeySchema: keysOf('x') }, /not one of a registry: its keys must be pk and sk/],
    ['no sort key', { KeySchema: keysOf('').slice(0, 1) }, /not one of a registry/],
    [
      'a numeric key',
      { AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'N' }] },
      /not one of a registry/,
    ],
    ['no indexes', { GlobalSecondaryIndexes: [] }, /has no index1.*has no index2/s],
    [
      'an index with keys only',
      {
        GlobalSecondaryIndexes: ['index1', 'index2'].map((IndexName) => ({
          IndexName,
          KeySchema: keysOf(IndexName),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        })),
      },
      /another index1 than a registry needs/,
    ],
  ] as const)('is refused with %s', (_, changes, message) => {
    expect(problemsOf(described(changes as Partial<DescribedTable['table']>)).join('\n')).toMatch(message);
  });
});
