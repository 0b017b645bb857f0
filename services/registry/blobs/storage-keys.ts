/** The names of blobs in the blob store: `blobs/<first two digits of the UUID>/<UUID>`. */
import { randomUUID } from 'node:crypto';

/** The prefix of every storage key. */
export const STORED = 'blobs/';

/** The possible first digits of storage keys, in order. Walks over all blobs go digit by digit. */
export const storedDigits: readonly string[] = [...'0123456789abcdef'];

/** A new, unique storage key. The two leading hex digits spread keys over the store's partitions. */
export function newBlobKey(): string {
  const id = randomUUID();
  return `${STORED}${id.slice(0, 2)}/${id}`;
}

/** The first digit of a storage key. */
export function digitOf(storageKey: string): string {
  return storageKey.charAt(STORED.length);
}
