import type {
  ContinuousBackupsDescription,
  GlobalSecondaryIndexDescription,
  KeySchemaElement,
  TableDescription,
  TimeToLiveDescription,
} from '@aws-sdk/client-dynamodb';
import { tableShape } from '../../ports/table-shape.ts';

/** What DynamoDB says of a table. */
export interface DescribedTable {
  readonly table: TableDescription;
  readonly expiry: TimeToLiveDescription | undefined;
  readonly backups: ContinuousBackupsDescription | undefined;
}

/** What a deployment needs of a table beyond its keys, its indexes, expiry and point-in-time recovery. */
export interface TableNeeds {
  /** A stream, which brings the events to the jobs. */
  readonly stream: boolean;
  /** Protection from deletion. */
  readonly protection: boolean;
}

/** The only type of stream that replicas of a table can have. */
const STREAM = 'NEW_AND_OLD_IMAGES';

/**
 * What a table lacks to be used by a deployment, a text each, with the command that mends it where one does. A restored
 * table has keys, indexes and items, but no stream, no expiry, no point-in-time recovery and no protection.
 */
export function tableProblems({ table, expiry, backups }: DescribedTable, needs: TableNeeds): string[] {
  const name = table.TableName ?? '';
  if (table.TableStatus !== 'ACTIVE') {
    return [`the table ${name} is ${table.TableStatus}: wait until it is ACTIVE`];
  }
  const shape = shapeProblems(table);
  // Another table than a registry's: its options do not matter.
  if (shape.length > 0) return shape;
  const problems: string[] = [];
  const lacks = (what: string, command: string) =>
    problems.push(`the table ${name} has no ${what}: aws dynamodb ${command}`);
  if (needs.stream && table.StreamSpecification?.StreamViewType !== STREAM) {
    const specification = `StreamEnabled=true,StreamViewType=${STREAM}`;
    lacks(
      `stream of the type ${STREAM}`,
      `update-table --table-name ${name} --stream-specification ${specification}`,
    );
  }
  // It takes an hour until expiry is no longer being enabled.
  if (!/^ENABL/.test(expiry?.TimeToLiveStatus ?? '') || expiry?.AttributeName !== tableShape.expiry) {
    const specification = `Enabled=true,AttributeName=${tableShape.expiry}`;
    lacks(
      `expiry by ${tableShape.expiry}`,
      `update-time-to-live --table-name ${name} --time-to-live-specification ${specification}`,
    );
  }
  if (backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus !== 'ENABLED') {
    lacks(
      'point-in-time recovery',
      `update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
    );
  }
  if (needs.protection && !table.DeletionProtectionEnabled) {
    lacks('deletion protection', `update-table --table-name ${name} --deletion-protection-enabled`);
  }
  return problems;
}

/** Keys and indexes can't be mended: the table is another one, or was restored without its indexes. */
function shapeProblems({ TableName: name, ...table }: TableDescription): string[] {
  const isText = (attribute: string) =>
    table.AttributeDefinitions?.some(
      (each) => each.AttributeName === attribute && each.AttributeType === 'S',
    );
  const hasKeys = (schema: readonly KeySchemaElement[] | undefined, prefix: string) => {
    const wanted = tableShape.keys.map((key) => `${prefix}${key}`);
    return (
      schema?.length === wanted.length &&
      wanted.every((key, at) => schema[at]?.AttributeName === key && isText(key))
    );
  };
  if (!hasKeys(table.KeySchema, '')) {
    return [
      `the table ${name} is not one of a registry: its keys must be ${tableShape.keys.join(' and ')}, texts`,
    ];
  }
  return tableShape.indexes.flatMap((index) => {
    const found = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index);
    if (!found) return [`the table ${name} has no ${index}: restore it with all indexes`];
    return isWhole(found) && hasKeys(found.KeySchema, index)
      ? []
      : [`the table ${name} has another ${index} than a registry needs: restore it with all indexes`];
  });
}

function isWhole({ Projection, IndexStatus }: GlobalSecondaryIndexDescription): boolean {
  return Projection?.ProjectionType === 'ALL' && (IndexStatus ?? 'ACTIVE') === 'ACTIVE';
}
