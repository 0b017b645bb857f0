import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type GlobalSecondaryIndexPropsV2,
  type StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { tableShape } from '../../services/ports/table-shape.ts';

/** The properties that differ between the tables of a stage. */
export interface RegistryTableProps {
  readonly retain: boolean;
  readonly restoreDays: number;
  readonly stream?: StreamViewType;
}

/** A table as the `Table` port needs it: its keys, its indexes with whole items, and expiry. */
export class RegistryTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: RegistryTableProps) {
    super(scope, id);
    const [partition, sort] = tableShape.keys;
    this.table = new TableV2(this, 'Table', {
      partitionKey: text(partition),
      sortKey: text(sort),
      globalSecondaryIndexes: tableShape.indexes.map(index),
      timeToLiveAttribute: tableShape.expiry,
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
}

function index(indexName: (typeof tableShape.indexes)[number]): GlobalSecondaryIndexPropsV2 {
  const [partition, sort] = tableShape.keys;
  return {
    indexName,
    partitionKey: text(`${indexName}${partition}`),
    sortKey: text(`${indexName}${sort}`),
  };
}

function text(name: string) {
  return { name, type: AttributeType.STRING };
}
