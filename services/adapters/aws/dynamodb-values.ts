import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { marshall, type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Item, Value } from '../../ports/table.ts';

/** An item in DynamoDB's wire format, in which each value has a type tag. */
export type WireItem = Record<string, AttributeValue>;

/** An item in the format of the document client. */
export type Document = Record<string, NativeAttributeValue>;

/** `checkWrites` only accepts plain data. Numbers are JavaScript numbers of any magnitude. */
const toWire = {
  removeUndefinedValues: true,
  allowImpreciseNumbers: true,
  convertClassInstanceToMap: true,
} as const;
const fromWire = { wrapNumbers: Number } as const;

/** Creates a document client. It modifies the options it is given, hence the copies. */
export function documentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { ...toWire },
    unmarshallOptions: { ...fromWire },
  });
}

/**
 * Converts a value for the document client, which would lose a map entry named `__proto__`, and mistake the entry
 * `constructor` for the map's type. Values with such names are stored as JSON in a string set, a type not used
 * otherwise.
 */
export function toDocumentValue(value: Value | Uint8Array | undefined): NativeAttributeValue {
  return hasUnsafeName(value) ? new Set([JSON.stringify(value)]) : value;
}

function hasUnsafeName(value: Value | Uint8Array | undefined): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (Array.isArray(value)) return value.some(hasUnsafeName);
  return Object.entries(value).some(
    ([name, each]) => name === '__proto__' || name === 'constructor' || hasUnsafeName(each),
  );
}

/** Converts an item for the document client. Attribute names are safe: `table-rules` rejects `__proto__`. */
export function toDocument(item: Item): Document {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toDocumentValue(value)]));
}

/** Converts a document back to an item, in place. */
export function fromDocument(document: Document): Item {
  for (const [name, value] of Object.entries(document)) {
    if (value instanceof Set) document[name] = JSON.parse([...value][0]);
    // The SDK returns Node Buffers; the port promises the type that was put.
    else if (Buffer.isBuffer(value)) {
      document[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
  }
  return document as Item;
}

/** Converts an item to the wire format. */
export function toWireItem(item: Item): WireItem {
  return marshall(toDocument(item), toWire);
}

/** Converts an item from a stream image or an error, which the document client does not do. */
export function fromWireItem(wire: WireItem): Item {
  return fromDocument(unmarshall(wire, fromWire));
}
