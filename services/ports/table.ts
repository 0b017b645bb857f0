/**
 * The `Table` port: a key-value table with sorted ranges, conditional writes and small transactions.
 *
 * Promises every adapter keeps (checked by `test/contract/table-contract.ts`):
 * - A completed write is durable; reads that start later, in any process, see it.
 * - `write` applies all of its operations or none, and checks its conditions against a single state.
 * - Writes to one item never lose an update: `add` from a hundred writers adds up.
 * - Items are returned as plain data, equal to what was put. Callers must not change a returned item.
 * - A `write` has at most 4 MB. Values nest at most 32 levels deep, and their names are not empty. No attribute is
 *   named `__proto__`; map entries may be.
 * - Sort keys of an index are unique in their index partition, so that paging can continue after one.
 * - Index queries (`index1`, `index2`) may lag slightly behind writes; key queries and gets never do.
 */

import { StoreUnavailable } from './store-unavailable.ts';

/** The key of an item: a partition key and a sort key, both non-empty and at most 1,024 bytes of UTF-8. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** An attribute value: JSON, or bytes at the top level of an item. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value | undefined };

/**
 * An item: its key, the keys of the indexes that contain it, and any other attributes. The store may delete it
 * some time after `expiresAt` (seconds since the epoch). At most 400 KB in total; `undefined` attributes are not
 * stored.
 */
export interface Item extends Key {
  readonly index1pk?: string | undefined;
  readonly index1sk?: string | undefined;
  readonly index2pk?: string | undefined;
  readonly index2sk?: string | undefined;
  readonly expiresAt?: number | undefined;
  readonly [name: string]: Value | Uint8Array | undefined;
}

/** A precondition of a write: whether the item exists, and the values of some attributes. */
export interface Condition {
  readonly exists?: boolean;
  /** Required attribute values; `undefined` means the attribute must be absent. */
  readonly equals?: { readonly [name: string]: string | number | boolean | null | undefined };
}

/** One operation of a `write`. `update` creates an absent item, unless a condition forbids it. */
export type Write =
  | { readonly put: Item; readonly when?: Condition }
  | { readonly delete: Key; readonly when?: Condition }
  | { readonly check: Key; readonly when: Condition }
  | ({ readonly update: Key; readonly when?: Condition } & Changes);

/** Changes to attributes: `set` overwrites (`undefined` removes), `add` adds to a number (absent = 0). */
export interface Changes {
  readonly set?: { readonly [name: string]: Value | Uint8Array | undefined };
  readonly add?: { readonly [name: string]: number };
}

/** A range of a partition (or an index partition) in the order of sort keys, compared as UTF-8 bytes. */
export interface Query {
  readonly index?: 'index1' | 'index2';
  readonly pk: string;
  /** Only sort keys with this prefix. */
  readonly prefix?: string;
  /** Only sort keys after this one (before it if `reverse`), excluding it: the position to continue from. */
  readonly after?: string;
  readonly reverse?: boolean;
  /** The maximum number of items, 1 to 1,000. */
  readonly limit?: number;
}

/** A page of a query. If `more` items follow, continue with `after` = the last item's sort key. */
export interface Page {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** A condition of `write` or `update` does not hold; nothing was written. */
export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
  /** Index of the first operation whose condition failed. */
  readonly operation: number;
  constructor(operation: number) {
    super(`the condition of operation ${operation} does not hold`);
    this.operation = operation;
  }
}

/** A store stayed busy or throttled for longer than a request can wait; nothing was written. */
export class TableBusy extends StoreUnavailable {
  override readonly name = 'TableBusy';
  constructor(cause?: unknown) {
    super('the table was busy or throttled for too long', {
      cause,
      mayBeWritten: false,
    });
  }
}

/** The maximum number of operations of one `write`. */
export const MAX_WRITES = 100;

/** The reading half of a table, for code that does not write. */
export interface TableReader {
  /** The item with this key. Undefined if absent. One round trip. */
  get(key: Key): Promise<Item | undefined>;
  /** The items with up to 100 keys, in the order of the keys. One round trip. */
  getMany(keys: readonly Key[]): Promise<(Item | undefined)[]>;
  /** Reads a page of a range. */
  query(query: Query): Promise<Page>;
}

/** See the promises at the top of this file. */
export interface Table extends TableReader {
  /** Applies up to 100 operations on different items, all or none. Retries on contention. */
  write(operations: readonly Write[]): Promise<void>;
  /** Changes an item and returns it after the change. */
  update(key: Key, changes: Changes, when?: Condition): Promise<Item>;
}
