import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Changes, Condition, Key, Value, Write } from '../../ports/table.ts';
import { type Document, toDocument, toDocumentValue } from './dynamodb-values.ts';

/** An operation in the format of the document client. */
export type WriteRequest = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** The names and values used in a request's expressions, which never contain attribute names literally. */
export interface Placeholders {
  name(attribute: string): string;
  value(value: Value | Uint8Array): string;
  /** The request fields with the placeholders. Empty maps are left out, since DynamoDB rejects them. */
  fields(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Document;
  };
}

/** Creates an empty set of placeholders. */
export function placeholders(): Placeholders {
  const names: Record<string, string> = {};
  const values: Document = {};
  let count = 0;
  return {
    name(attribute) {
      const placeholder = `#${count++}`;
      names[placeholder] = attribute;
      return placeholder;
    },
    value(value) {
      const placeholder = `:${count++}`;
      values[placeholder] = toDocumentValue(value);
      return placeholder;
    },
    fields: () => ({
      ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    }),
  };
}

/** The key attributes of an item. */
export function keyOf({ pk, sk }: Key): Key {
  return { pk, sk };
}

/** Converts an operation to a request, for a transaction or (except a check) on its own. */
export function toWriteRequest(tableName: string, operation: Write): WriteRequest {
  if ('update' in operation) return { Update: toUpdate(tableName, operation) };
  const used = placeholders();
  const condition = toConditionExpression(operation.when, used);
  const common = { TableName: tableName, ConditionExpression: condition, ...used.fields() };
  if ('put' in operation) return { Put: { ...common, Item: toDocument(operation.put) } };
  if ('delete' in operation) return { Delete: { ...common, Key: keyOf(operation.delete) } };
  const check = condition ?? 'attribute_exists(pk) OR attribute_not_exists(pk)';
  return { ConditionCheck: { ...common, ConditionExpression: check, Key: keyOf(operation.check) } };
}

/** Converts an update to a request. */
export function toUpdate(
  tableName: string,
  operation: Extract<Write, { update: Key }>,
): NonNullable<WriteRequest['Update']> {
  const used = placeholders();
  const condition = toConditionExpression(operation.when, used);
  const changes = toUpdateExpression(operation, used);
  return {
    TableName: tableName,
    Key: keyOf(operation.update),
    ConditionExpression: condition,
    // A transaction requires an expression; removing an absent attribute changes nothing.
    UpdateExpression: changes ?? `REMOVE ${used.name('nothing')}`,
    ...used.fields(),
  };
}

/** `SET ... REMOVE ... ADD ...`. Undefined if nothing changes. */
function toUpdateExpression(changes: Changes, used: Placeholders): string | undefined {
  const set: string[] = [];
  const remove: string[] = [];
  const add: string[] = [];
  for (const [attribute, value] of Object.entries(changes.set ?? {})) {
    if (value === undefined) remove.push(used.name(attribute));
    else set.push(`${used.name(attribute)} = ${used.value(value)}`);
  }
  for (const [attribute, amount] of Object.entries(changes.add ?? {})) {
    add.push(`${used.name(attribute)} ${used.value(amount)}`);
  }
  const clauses = [
    ...(set.length > 0 ? [`SET ${set.join(', ')}`] : []),
    ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : []),
    ...(add.length > 0 ? [`ADD ${add.join(', ')}`] : []),
  ];
  return clauses.length > 0 ? clauses.join(' ') : undefined;
}

function toConditionExpression(when: Condition | undefined, used: Placeholders): string | undefined {
  const terms: string[] = [];
  if (when?.exists === true) terms.push('attribute_exists(pk)');
  if (when?.exists === false) terms.push('attribute_not_exists(pk)');
  for (const [attribute, value] of Object.entries(when?.equals ?? {})) {
    const name = used.name(attribute);
    if (value === undefined) terms.push(`attribute_not_exists(${name})`);
    else terms.push(`${name} = ${used.value(value)}`);
  }
  return terms.length > 0 ? terms.join(' AND ') : undefined;
}
