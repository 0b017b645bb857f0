import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { marshall, type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Item, Value } from '../../ports/table.ts';

/** An item in DynamoDB's wire format, where each value names its type. */
export type WireItem = Record<string, AttributeValue>;

/** An item as the document client takes and returns it. */
export type Document = Record<string, NativeAttributeValue>;

/** `checkWrites` has refused what is not plain data; numbers are JavaScript's, of any size. */
const toWire = {
  removeUndefinedValues: true,
  allowImpreciseNumbers: true,
  convertClassInstanceToMap: true,
} as const;
const fromWire = { wrapNumbers: Number } as const;

/** The document client over a client. It changes the options it is given. */
export function documentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { ...toWire },
    unmarshallOptions: { ...fromWire },
  });
}

/**
 * A value for the document client. It would lose a map's entry called `__proto__`, and take the entry `constructor` for
 * the type of the map. A value that holds such a name is stored as JSON in a set of strings, a type used for nothing else.
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

/** An item for the document client. Names of attributes are safe: `table-rules` refuses `__proto__`. */
export function toDocument(item: Item): Document {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toDocumentValue(value)]));
}

/** The item that the document client returned. Changes and returns the document. */
export function fromDocument(document: Document): Item {
  for (const [name, value] of Object.entries(document)) {
    if (value instanceof Set) document[name] = JSON.parse([...value][0]);
    // The SDK returns Node Buffers; the port promises what was put.
    else if (Buffer.isBuffer(value)) {
      document[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
  }
  return document as Item;
}

/** An item in the wire format. */
export function toWireItem(item: Item): WireItem {
  return marshall(toDocument(item), toWire);
}

/** The item of an image in a stream, or of an error: the document client does not translate these. */
export function fromWireItem(wire: WireItem): Item {
  return fromDocument(unmarshall(wire, fromWire));
}
