/**
 * The rules of the `Table` port as pure functions, for adapters that check conditions and apply writes themselves.
 * Stores that do so on their own (DynamoDB) can use the checks, so that limits have the same messages everywhere.
 */
import {
  type Changes,
  type Condition,
  ConditionFailed,
  type Item,
  type Key,
  MAX_WRITES,
  type Query,
  type Value,
  type Write,
} from './table.ts';

/** The maximum size of an item, names and values together, in bytes. */
export const MAX_ITEM_BYTES = 400 * 1024;

/** The maximum total size of the items of one `write`, in bytes. */
export const MAX_WRITE_BYTES = 4 * 1024 * 1024;

/** The maximum size of each part of a key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** The maximum number of items in a page. */
export const MAX_PAGE = 1000;
const MAX_GETS = 100;
const MAX_DEPTH = 32;
const KEY_PARTS = ['index1pk', 'index1sk', 'index2pk', 'index2sk'] as const;

/** The key of the item that a write changes. */
export function keyOf(write: Write): Key {
  if ('put' in write) return write.put;
  if ('delete' in write) return write.delete;
  return 'check' in write ? write.check : write.update;
}

/**
 * Checks both parts of a key.
 * @throws TypeError or RangeError when one is invalid
 */
export function checkKey(key: Key): void {
  checkKeyPart('pk', key.pk);
  checkKeyPart('sk', key.sk);
}

/**
 * Checks the keys of a `getMany`.
 * @throws RangeError when there are too many
 */
export function checkKeys(keys: readonly Key[]): void {
  if (keys.length > MAX_GETS) throw new RangeError(`${keys.length} keys in one read; at most ${MAX_GETS}`);
  for (const key of keys) checkKey(key);
}

/**
 * Checks a query and returns the maximum number of items of its page.
 * @throws TypeError or RangeError when it is invalid
 */
export function checkQuery(query: Query): number {
  checkKeyPart('pk', query.pk);
  if (query.prefix) checkKeyPart('the prefix of a query', query.prefix);
  if (query.after) checkKeyPart('the position of a query', query.after);
  const limit = query.limit ?? MAX_PAGE;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new RangeError(`the limit of a query must be from 1 to ${MAX_PAGE}, not ${limit}`);
  }
  return limit;
}

/**
 * Checks the number, size and form of the operations, and that they are on different items.
 * @throws TypeError or RangeError when they are invalid
 */
export function checkWrites(operations: readonly Write[]): void {
  if (operations.length > MAX_WRITES) {
    throw new RangeError(`${operations.length} operations in one write; at most ${MAX_WRITES}`);
  }
  const seen = new Set<string>();
  let bytes = 0;
  for (const write of operations) {
    const key = keyOf(write);
    checkKey(key);
    const name = `${key.pk.length} ${key.pk}${key.sk}`;
    if (seen.has(name)) throw new TypeError(`two operations of one write are on ${nameOf(key)}`);
    seen.add(name);
    if ('put' in write) bytes += checkItem(write.put);
    if ('update' in write) bytes += checkChanges(write.update, write);
  }
  if (bytes > MAX_WRITE_BYTES) {
    throw new RangeError(`the items of one write have ${bytes} bytes; at most ${MAX_WRITE_BYTES}`);
  }
}

/**
 * Checks that an item can be stored and returns its size in bytes.
 * @throws TypeError or RangeError when it can't
 */
export function checkItem(item: Item): number {
  checkKey(item);
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += attributeBytes(item, name, value);
  checkSize(item, bytes);
  return bytes;
}

/**
 * Checks changes to an item and returns their size in bytes.
 * @throws TypeError or RangeError when they are invalid
 */
export function checkChanges(key: Key, changes: Changes): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(changes.set ?? {})) {
    if (name === 'pk' || name === 'sk')
      throw new TypeError(`an update of ${nameOf(key)} cannot set its ${name}`);
    if (changes.add && Object.hasOwn(changes.add, name)) {
      throw new TypeError(`an update of ${nameOf(key)} both sets and adds to ${name}`);
    }
    bytes += attributeBytes(key, name, value);
  }
  for (const [name, by] of Object.entries(changes.add ?? {})) bytes += attributeBytes(key, name, by);
  checkSize(key, bytes);
  return bytes;
}

/** Whether the condition holds for the item, or for its absence. */
export function holds(condition: Condition | undefined, item: Item | undefined): boolean {
  if (!condition) return true;
  if (condition.exists !== undefined && condition.exists !== (item !== undefined)) return false;
  return Object.entries(condition.equals ?? {}).every(([name, value]) => attribute(item, name) === value);
}

/**
 * The item after the operation, frozen. Undefined if no item remains.
 * @throws ConditionFailed with the index of the operation when its condition does not hold for `before`
 */
export function afterWrite(write: Write, before: Item | undefined, operation: number): Item | undefined {
  if (!holds(write.when, before)) throw new ConditionFailed(operation);
  if ('put' in write) return frozenItem(write.put);
  if ('update' in write) return changedItem(write.update, before, write);
  return 'delete' in write ? undefined : before;
}

/** A deeply frozen copy of the item, without undefined attributes. */
export function frozenItem(item: Item): Item {
  const attributes = Object.entries(item).filter(([, value]) => value !== undefined);
  return Object.freeze(
    Object.fromEntries(
      attributes.map(([name, value]) => [
        name,
        value instanceof Uint8Array ? new Uint8Array(value) : frozen(value),
      ]),
    ),
  ) as unknown as Item;
}

/** The partition and sort key of the item in an index. Undefined if it is not in the index. */
export function indexKey(item: Item, index: 'index1' | 'index2'): Key | undefined {
  const pk = item[`${index}pk`];
  const sk = item[`${index}sk`];
  return pk === undefined || sk === undefined ? undefined : { pk, sk };
}

/** Compares two strings by their UTF-8 bytes: negative, zero or positive. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

/** UTF-16 sorts surrogates below U+E000 to U+FFFF; in UTF-8 the characters they encode come after those. */
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function changedItem(key: Key, before: Item | undefined, changes: Changes): Item {
  const added = Object.entries(changes.add ?? {}).map(([name, by]) => {
    const value = attribute(before, name) ?? 0;
    if (typeof value !== 'number') throw new TypeError(`${name} of ${nameOf(key)} is not a number`);
    return [name, value + by];
  });
  const after = frozenItem({
    pk: key.pk,
    sk: key.sk,
    ...before,
    ...changes.set,
    ...Object.fromEntries(added),
  });
  checkItem(after);
  return after;
}

/** An own attribute of the item; names such as `constructor` are data here. */
function attribute(item: Item | undefined, name: string): Value | Uint8Array | undefined {
  return item && Object.hasOwn(item, name) ? item[name] : undefined;
}

function frozen(value: Value | undefined): Value | undefined {
  if (typeof value === 'number') return value + 0; // -0 becomes 0, as in JSON
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return Object.freeze(value.map((each) => frozen(each) as Value));
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.freeze(Object.fromEntries(entries.map(([name, each]) => [name, frozen(each)])));
}

/**
 * The size of an attribute in bytes, by DynamoDB's published rules.
 * @throws TypeError when the port does not allow it
 */
function attributeBytes(key: Key, name: string, value: Value | Uint8Array | undefined): number {
  if (value === undefined) return 0;
  if (name === '') throw new TypeError(`an attribute of ${nameOf(key)} has no name`);
  if (name === '__proto__') throw new TypeError(`an attribute of ${nameOf(key)} is named __proto__`);
  if ((KEY_PARTS as readonly string[]).includes(name)) checkKeyPart(name, value);
  const bytes = value instanceof Uint8Array ? value.byteLength : valueBytes(value, 0);
  if (Number.isNaN(bytes)) throw new TypeError(`${name} of ${nameOf(key)} has a value that cannot be stored`);
  return Buffer.byteLength(name) + bytes;
}

/** The size of a value in bytes. NaN if it is not plain finite data, or nested too deep. */
function valueBytes(value: unknown, depth: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Number.isFinite(value) ? 21 : Number.NaN;
  if (typeof value === 'boolean' || value === null) return 1;
  if (typeof value !== 'object' || depth === MAX_DEPTH) return Number.NaN;
  if (Array.isArray(value)) {
    return value.reduce((sum: number, each) => sum + 1 + valueBytes(each, depth + 1), 3);
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return Number.NaN;
  let bytes = 3;
  for (const [name, each] of Object.entries(value)) {
    if (each !== undefined) bytes += 1 + Buffer.byteLength(name) + valueBytes(each, depth + 1);
  }
  return bytes;
}

function checkSize(key: Key, bytes: number): void {
  if (bytes > MAX_ITEM_BYTES) {
    throw new RangeError(`${nameOf(key)} has ${bytes} bytes; an item has at most ${MAX_ITEM_BYTES} (400 KB)`);
  }
}

function checkKeyPart(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) {
    throw new TypeError(`${name} is not a non-empty Unicode string`);
  }
  if (Buffer.byteLength(value) > MAX_KEY_BYTES) {
    throw new RangeError(`${name} is longer than ${MAX_KEY_BYTES} bytes: ${value.slice(0, 100)}...`);
  }
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function nameOf(key: Key): string {
  return `the item ${key.pk} / ${key.sk}`;
}
