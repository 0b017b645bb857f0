import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item, Key, Value } from '../../ports/table.ts';

/** An item as DynamoDB's wire format spells it. */
export type WireItem = Record<string, AttributeValue>;

/** The key attributes of an item, and nothing else of it. */
export function toWireKey(key: Key): WireItem {
  return { pk: { S: key.pk }, sk: { S: key.sk } };
}

/** An item in the wire format; attributes set to `undefined` are left out. */
export function toWireItem(item: { readonly [name: string]: Value | Uint8Array | undefined }): WireItem {
  // From entries: an attribute may be named `__proto__`.
  return Object.fromEntries(
    Object.entries(item).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, toWireValue(value)] as const],
    ),
  );
}

/** One value in the wire format. */
export function toWireValue(value: Value | Uint8Array): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: toWireNumber(value) };
  if (value === null) return { NULL: true };
  if (value instanceof Uint8Array) return { B: value };
  if (isList(value)) return { L: value.map(toWireValue) };
  return { M: toWireItem(value) };
}

/** The item of a wire item. */
export function fromWireItem(wire: WireItem): Item {
  return fromWireMap(wire) as Item;
}

function fromWireValue(wire: AttributeValue): Value | Uint8Array {
  if (wire.S !== undefined) return wire.S;
  if (wire.N !== undefined) return Number(wire.N);
  if (wire.BOOL !== undefined) return wire.BOOL;
  if (wire.NULL !== undefined) return null;
  // The SDK hands out Node Buffers; callers were promised what they put.
  if (wire.B !== undefined) return new Uint8Array(wire.B.buffer, wire.B.byteOffset, wire.B.byteLength);
  if (wire.L !== undefined) return wire.L.map((element) => fromWireValue(element) as Value);
  if (wire.M !== undefined) return fromWireMap(wire.M) as { readonly [name: string]: Value };
  throw new TypeError(`an attribute has a type the registry never writes: ${Object.keys(wire).join()}`);
}

function fromWireMap(wire: WireItem): { readonly [name: string]: Value | Uint8Array } {
  return Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, fromWireValue(value)]));
}

function toWireNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`a table cannot hold the number ${value}`);
  return String(value);
}

function isList(
  value: readonly Value[] | { readonly [name: string]: Value | undefined },
): value is readonly Value[] {
  return Array.isArray(value);
}
