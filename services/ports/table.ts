/**
 * The `Table` port: a key-value table with sorted ranges, conditional writes and small transactions.
 *
 * Promises every adapter keeps (checked by `test/contract/table-contract.ts`):
 * - A write that has returned is durable; a read that starts later, from any process, sees it.
 * - `write` applies all of its operations or none, and its conditions are judged against one state.
 * - Writes to one item never lose an update: `add` from a hundred writers adds up.
 * - Items come back as plain data, equal to what was put. Callers must not change a returned item.
 * - A `write` holds at most 4 MB; values nest at most 32 deep, and names in them are not empty. No attribute is called
 *   `__proto__`; entries of maps may be.
 * - Sort keys of an index are unique in their index partition: paging goes on from one.
 * - Index queries (`index1`, `index2`) may lag a moment behind writes; key queries and gets never do.
 */

import { StoreUnavailable } from './store-unavailable.ts';

/** The name of an item: a partition key and a sort key, both non-empty and at most 1,024 bytes of UTF-8. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** What an attribute may hold: JSON values, and bytes at the top level of an item. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value | undefined };

/**
 * An item: its key, the keys of the indexes it appears in, and any other attributes.
 * `expiresAt` (seconds since the epoch) lets the store drop the item some time after it.
 * Limits: 400 KB in all; attributes set to `undefined` are left out.
 */
export interface Item extends Key {
  readonly index1pk?: string | undefined;
  readonly index1sk?: string | undefined;
  readonly index2pk?: string | undefined;
  readonly index2sk?: string | undefined;
  readonly expiresAt?: number | undefined;
  readonly [name: string]: Value | Uint8Array | undefined;
}

/** What must be true of the item before a write: that it exists or not, and the values of some attributes. */
export interface Condition {
  readonly exists?: boolean;
  /** Attribute values the item must have; `undefined` means the attribute must be absent. */
  readonly equals?: { readonly [name: string]: string | number | boolean | null | undefined };
}

/** One operation of a `write`. `update` makes the item when it is absent, unless a condition forbids that. */
export type Write =
  | { readonly put: Item; readonly when?: Condition }
  | { readonly delete: Key; readonly when?: Condition }
  | { readonly check: Key; readonly when: Condition }
  | ({ readonly update: Key; readonly when?: Condition } & Changes);

/** Changes of single attributes: `set` overwrites (`undefined` removes), `add` adds to a number (absent = 0). */
export interface Changes {
  readonly set?: { readonly [name: string]: Value | Uint8Array | undefined };
  readonly add?: { readonly [name: string]: number };
}

/** A range of one partition (or of one index partition) in sort-key order (by UTF-8 bytes). */
export interface Query {
  readonly index?: 'index1' | 'index2';
  readonly pk: string;
  /** Only sort keys that start with this. */
  readonly prefix?: string;
  /** Only sort keys after this (before it when `reverse`), itself left out: the position to go on from. */
  readonly after?: string;
  readonly reverse?: boolean;
  /** At most this many items, 1 to 1,000. */
  readonly limit?: number;
}

/** A page of a query. `more` tells whether items follow; go on with `after` = the last item's sort key. */
export interface Page {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** Thrown by `write` and `update` when a condition does not hold; nothing was written. */
export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
  /** Index of the first operation whose condition failed. */
  readonly operation: number;
  constructor(operation: number) {
    super(`the condition of operation ${operation} does not hold`);
    this.operation = operation;
  }
}

/** Thrown when a store stayed busy or throttled for longer than a request can wait; what was to be written was not. */
export class TableBusy extends StoreUnavailable {
  override readonly name = 'TableBusy';
  constructor(cause?: unknown) {
    super('the table stayed busy with other writes, or throttled, for too long', {
      cause,
      mayBeWritten: false,
    });
  }
}

/** The most operations one `write` may hold. */
export const MAX_WRITES = 100;

/** Reads of a table; what code that only looks things up should ask for. */
export interface TableReader {
  /** The item under `key`, or undefined. One round trip. */
  get(key: Key): Promise<Item | undefined>;
  /** The items under up to 100 keys, in the order of the keys. One round trip. */
  getMany(keys: readonly Key[]): Promise<(Item | undefined)[]>;
  /** One page of a range. */
  query(query: Query): Promise<Page>;
}

/** See the promises at the top of this file. */
export interface Table extends TableReader {
  /** Applies up to 100 operations on different items, all or none. Contention is retried inside. */
  write(operations: readonly Write[]): Promise<void>;
  /** Changes one item and answers it as it then stands. */
  update(key: Key, changes: Changes, when?: Condition): Promise<Item>;
}
