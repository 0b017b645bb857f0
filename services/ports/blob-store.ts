/**
 * The `BlobStore` port: named byte strings of any size.
 *
 * Promises every adapter keeps (checked by `test/contract/blob-store-contract.ts`):
 * - `put` reads the body once, in constant memory, and resolves only when the bytes are durable.
 *   If the body or the store fails nothing is left under the key and the error is thrown.
 * - A blob is visible whole or not at all, and never changes: nobody puts under a key twice, and a store may refuse it.
 * - A body does not change a chunk it has yielded; no key is the folder of another.
 * - Keys are made by the registry (`newBlobKey`): lower-case letters, digits, `-`, `_`, `.` and `/`.
 */

/** Bytes `start` to `end`, both included, as in RFC 9110 section 14. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What the store knows of a blob. Sizes are bytes, times milliseconds since the epoch. */
export interface BlobInfo {
  readonly key: string;
  readonly size: number;
  readonly modifiedAt: number;
}

/** An opened blob: its whole size and the bytes asked for. Cancel `body` when it will not be read. */
export interface BlobContent extends BlobInfo {
  readonly body: ReadableStream<Uint8Array>;
}

/** What a signed link must answer with. */
export interface LinkOptions {
  readonly method: 'GET' | 'HEAD';
  /** How long the link works, in seconds. */
  readonly lifetime: number;
  readonly contentType?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
}

/** See the promises at the top of this file. */
export interface BlobStore {
  /** Stores the bytes of `body` under `key` and answers how many there were. */
  put(key: string, body: AsyncIterable<Uint8Array>): Promise<{ readonly size: number }>;
  /** Opens the blob, or a part of it; undefined when there is none. A range past the end is the caller's error. */
  get(key: string, range?: ByteRange): Promise<BlobContent | undefined>;
  /** What is known of the blob, or undefined. */
  head(key: string): Promise<BlobInfo | undefined>;
  /** Removes the blobs; keys that are absent are no error. */
  delete(keys: readonly string[]): Promise<void>;
  /**
   * Blobs in key order, at most 1,000 a page, after the key `after`. Unfinished uploads are not among
   * them, nor what others have put there under names that are no keys. A page with more behind it is never empty.
   */
  list(options?: { readonly prefix?: string; readonly after?: string }): Promise<{
    readonly blobs: readonly BlobInfo[];
    readonly more: boolean;
  }>;
  /**
   * Removes what is left of uploads under `prefix` in which nothing has happened since `before` (milliseconds since the
   * epoch): their process has ended before them. Answers how many there were.
   */
  dropUnfinished(options: { readonly prefix: string; readonly before: number }): Promise<number>;
  /** A signed URL any client can use without credentials, or undefined when the store has none to give. */
  link(key: string, options: LinkOptions): Promise<string | undefined>;
}
