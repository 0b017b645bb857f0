/**
 * The `BlobStore` port: named byte sequences of any size.
 *
 * Promises every adapter keeps (checked by `test/contract/blob-store-contract.ts`):
 * - `put` reads the body once, in constant memory, and resolves only when the bytes are durable. If the body or
 *   the store fails, it throws the error and leaves nothing under the key.
 * - A blob is either complete or absent, and never changes: callers put each key only once, and a store may reject
 *   a second put.
 * - A body does not change a chunk after yielding it. No key is the folder of another.
 * - The registry generates keys (`newBlobKey`): lowercase letters, digits, `-`, `_`, `.` and `/`.
 */

/** Bytes `start` to `end`, both inclusive, as in RFC 9110 section 14. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Metadata of a blob. Sizes are in bytes, times in milliseconds since the epoch. */
export interface BlobInfo {
  readonly key: string;
  readonly size: number;
  readonly modifiedAt: number;
}

/** An opened blob: its total size and the requested bytes. Cancel `body` if it is not read. */
export interface BlobContent extends BlobInfo {
  readonly body: ReadableStream<Uint8Array>;
}

/** The request that a signed link allows, and the headers of its response. */
export interface LinkOptions {
  readonly method: 'GET' | 'HEAD';
  /** The lifetime of the link, in seconds. */
  readonly lifetime: number;
  readonly contentType?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
}

/** See the promises at the top of this file. */
export interface BlobStore {
  /** Stores `body` under `key` and returns its size in bytes. */
  put(key: string, body: AsyncIterable<Uint8Array>): Promise<{ readonly size: number }>;
  /**
   * Opens the blob or a range of it. Undefined if absent.
   * @throws RangeError when the range exceeds the blob
   */
  get(key: string, range?: ByteRange): Promise<BlobContent | undefined>;
  /** The blob's metadata. Undefined if absent. */
  head(key: string): Promise<BlobInfo | undefined>;
  /** Deletes the blobs. Absent keys are ignored. */
  delete(keys: readonly string[]): Promise<void>;
  /**
   * Lists blobs in key order after the key `after`, at most 1,000 per page. Excludes unfinished uploads and
   * foreign objects whose names are not valid keys. A page that has `more` after it is never empty.
   */
  list(options?: { readonly prefix?: string; readonly after?: string }): Promise<{
    readonly blobs: readonly BlobInfo[];
    readonly more: boolean;
  }>;
  /**
   * Deletes the remains of uploads under `prefix` without activity since `before` (milliseconds since the epoch),
   * whose processes have died, and returns how many.
   */
  dropUnfinished(options: { readonly prefix: string; readonly before: number }): Promise<number>;
  /** A signed URL that clients can use without credentials. Undefined if the store does not support links. */
  link(key: string, options: LinkOptions): Promise<string | undefined>;
}
