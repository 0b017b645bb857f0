import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type GlobalSecondaryIndexPropsV2,
  type StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { partitions } from '../../services/registry/records/partitions.ts';
import type { Grantee } from './grantee.ts';

/** The properties that differ between the tables of a stage. */
export interface RegistryTableProps {
  readonly retain: boolean;
  readonly restoreDays: number;
  readonly stream?: StreamViewType;
}

const READS = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:ConditionCheckItem'];
const WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];

/**
 * A table as the `Table` port needs it: keys `pk` and `sk`, indexes `index1` and `index2` with whole items, expiry
 * by `expiresAt`. Grants list single actions: no function may scan the table or change its definition.
 */
export class RegistryTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: RegistryTableProps) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      globalSecondaryIndexes: [index('index1'), index('index2')],
      timeToLiveAttribute: 'expiresAt',
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        recoveryPeriodInDays: props.restoreDays,
      },
      deletionProtection: props.retain,
      removalPolicy: props.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(props.stream ? { dynamoStream: props.stream } : {}),
    });
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
   * Lets `writer` read all items, and change those of packages only: not users, groups, paths and tokens. The condition
   * would hold for a request without keys, but requests of these actions have them.
   */
  grantPackageWrites(writer: Grantee): void {
    this.grant(writer, READS);
    writer.allow(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: WRITES,
        resources: [this.table.tableArn],
        conditions: {
          'ForAllValues:StringLike': {
            'dynamodb:LeadingKeys': partitions.packages.map((start) =>
              start.endsWith('#') ? `${start}*` : start,
            ),
          },
        },
      }),
    );
  }

  /** Lets `writer` add items, for an append-only table. */
  grantAppends(writer: Grantee): void {
    this.grant(writer, ['dynamodb:PutItem']);
  }

  private grant(to: Grantee, actions: string[]): void {
    const { tableArn } = this.table;
    to.allow(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions,
        resources: [tableArn, `${tableArn}/index/index1`, `${tableArn}/index/index2`],
      }),
    );
  }
}

function index(indexName: 'index1' | 'index2'): GlobalSecondaryIndexPropsV2 {
  return {
    indexName,
    partitionKey: { name: `${indexName}pk`, type: AttributeType.STRING },
    sortKey: { name: `${indexName}sk`, type: AttributeType.STRING },
  };
}
