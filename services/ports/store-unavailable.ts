/**
 * Thrown by every port when its store can't be reached, fails by itself, or stays silent or busy for longer than a
 * request can wait. Reads may be tried again. Whether a write of the table took place is not known, unless the error
 * is a `TableBusy`; bytes of a blob may have been stored, which nothing refers to and the sweep removes.
 */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
}
