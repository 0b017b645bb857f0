/** The rules of the `BlobStore` port as pure functions, shared by adapters. */
import type { ByteRange } from './blob-store.ts';

/** The maximum number of blobs in a page of a listing. */
export const MAX_BLOB_PAGE = 1000;

/** Whether a key is valid: parts of lowercase letters, digits, `-`, `_` and `.`. */
export function isBlobKey(key: string): boolean {
  return key.length <= 1024 && key.split('/').every((part) => /^(?!\.)[a-z0-9._-]{1,200}$/.test(part));
}

/**
 * Checks a key.
 * @throws TypeError when it is invalid
 */
export function checkBlobKey(key: string): void {
  if (!isBlobKey(key)) throw new TypeError(`not a blob key: ${JSON.stringify(key.slice(0, 100))}`);
}

/**
 * Checks that the range is within a blob of `size` bytes.
 * @throws RangeError when it is not
 */
export function checkRange(range: ByteRange, size: number): void {
  const { start, end } = range;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start > end || end >= size) {
    throw new RangeError(`the range ${start}-${end} is not within a blob of ${size} bytes`);
  }
}
