/** The rules of the `BlobStore` port as pure functions, shared by adapters. */
import type { ByteRange } from './blob-store.ts';

/** The most blobs one page of a list may hold. */
export const MAX_BLOB_PAGE = 1000;

/** Whether a key is one the registry makes: parts of lower-case letters, digits, `-`, `_` and `.`. */
export function isBlobKey(key: string): boolean {
  return key.length <= 1024 && key.split('/').every((part) => /^(?!\.)[a-z0-9._-]{1,200}$/.test(part));
}

/** Throws unless the key is one the registry makes. */
export function checkBlobKey(key: string): void {
  if (!isBlobKey(key)) throw new TypeError(`not a blob key: ${JSON.stringify(key.slice(0, 100))}`);
}

/** Throws unless the range lies within a blob of `size` bytes. */
export function checkRange(range: ByteRange, size: number): void {
  const { start, end } = range;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start > end || end >= size) {
    throw new RangeError(`bytes ${start} to ${end} are not within a blob of ${size} bytes`);
  }
}
