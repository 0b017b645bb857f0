import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { tableShape } from '../../services/ports/table-shape.ts';
import { accountAttributes, partitions } from '../../services/registry/records/partitions.ts';
import type { Grantee } from './grantee.ts';

const READS = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:ConditionCheckItem'];
const WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];

/**
 * A table by its name, in the account and region of the stack that uses it. Grants list single actions: no function
 * may scan the table or change its definition.
 */
export class TableAccess {
  readonly tableName: string;
  private readonly tableArn: string;

  constructor(scope: Construct, tableName: string) {
    this.tableName = tableName;
    this.tableArn = tableArnOf(scope, tableName);
  }

  /** Lets `reader` read items. */
  grantReads(reader: Grantee): void {
    this.grant(reader, READS);
  }

  /** Lets `writer` read and change items. */
  grantReadsAndWrites(writer: Grantee): void {
    this.grant(writer, [...READS, ...WRITES]);
  }

  /**
   * Lets `writer` read all items, and change those of packages only: not users, groups, paths and tokens, nor members and
   * records of projects, which share a partition with ids of packages and are told by their attributes. The condition on
   * keys would hold for a request without keys, but requests of these actions have them. Both are in one statement, because
   * a transaction may be judged by the keys and attributes of all its items.
   */
  grantPackageWrites(writer: Grantee): void {
    this.grant(writer, READS);
    writer.allow(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: WRITES,
        resources: [this.tableArn],
        conditions: {
          'ForAllValues:StringLike': {
            'dynamodb:LeadingKeys': partitions.packages.map((start) =>
              start.endsWith('#') ? `${start}*` : start,
            ),
          },
          'ForAllValues:StringNotEquals': { 'dynamodb:Attributes': [...accountAttributes] },
        },
      }),
    );
  }

  /** Lets `writer` add items, for an append-only table. */
  grantAppends(writer: Grantee): void {
    this.grant(writer, ['dynamodb:PutItem']);
  }

  private grant(to: Grantee, actions: string[]): void {
    const { tableArn } = this;
    to.allow(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions,
        resources: [tableArn, ...tableShape.indexes.map((name) => `${tableArn}/index/${name}`)],
      }),
    );
  }
}

/** The ARN of a table in the account and region of a construct's stack. */
export function tableArnOf(scope: Construct, tableName: string): string {
  return Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName: tableName });
}
