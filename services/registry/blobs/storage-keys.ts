/** The names of blobs in the blob store: `blobs/<two hex digits>/<uuid>`, the digits being the first of the uuid. */
import { randomUUID } from 'node:crypto';

/** What every storage key starts with. */
export const STORED = 'blobs/';

/** The first digits of storage keys, in order. Blobs are walked digit by digit. */
export const storedDigits: readonly string[] = [...'0123456789abcdef'];

/** A storage key no upload had before. Two leading hex digits spread keys over the store's partitions. */
export function newBlobKey(): string {
  const id = randomUUID();
  return `${STORED}${id.slice(0, 2)}/${id}`;
}

/** The first digit of a storage key. */
export function digitOf(storageKey: string): string {
  return storageKey.charAt(STORED.length);
}
