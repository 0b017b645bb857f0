import { RegistryError } from '../../../domain/errors.ts';
import type { BlobStore } from '../../../ports/blob-store.ts';
import { isUnreadable } from '../../../ports/unreadable-blob.ts';
import type { BlobRecord } from '../../records/entities.ts';
import { checkedBytes, WrongDigest } from '../digest-blob.ts';
import { type BlobProblem, problemOf, unreadable } from '../storage-problems.ts';

/** The stores that blobs are moved between. */
export interface MigrationStores {
  readonly from: BlobStore;
  readonly to: BlobStore;
}

/** The blob to copy. */
export interface Copy {
  readonly key: string;
  readonly record: BlobRecord | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The outcome of copying: `gone` if the blob no longer exists, or another process has copied it. */
export type Copied = 'copied' | 'gone' | BlobProblem;

/**
 * Copies one blob, and checks it against the digest in its record; a copy that does not match is not kept.
 * Unreadable bytes are reported as a problem of this blob and do not stop the migration.
 * @throws RegistryError `storageUnavailable` if a store fails, with its message
 */
export async function copyBlob(
  stores: MigrationStores,
  copy: Copy,
  onBytes: (bytes: number) => void,
): Promise<Copied> {
  try {
    return await tryToCopy(stores, copy, onBytes);
  } catch (error) {
    if (copy.signal?.aborted) return 'gone';
    const reason = error instanceof Error ? error.message : String(error);
    throw new RegistryError('storageUnavailable', `${copy.key} can't be copied: ${reason}`, { cause: error });
  }
}

async function tryToCopy(
  { from, to }: MigrationStores,
  { key, record, signal }: Copy,
  onBytes: (bytes: number) => void,
): Promise<Copied> {
  const at = record ?? { storageKey: key };
  const content = await from.get(key).catch((error: unknown) => {
    if (isUnreadable(error)) return unreadable(at, error);
    throw error;
  });
  if (!content) return 'gone';
  if ('kind' in content) return content;
  let failedRead: BlobProblem | undefined;

  async function* passing(body: AsyncIterable<Uint8Array>) {
    try {
      for await (const chunk of body) {
        signal?.throwIfAborted();
        onBytes(chunk.byteLength);
        yield chunk;
      }
    } catch (error) {
      if (isUnreadable(error)) failedRead = unreadable(at, error);
      throw error;
    }
  }

  const body = passing(content.body);
  try {
    await to.put(key, record ? checkedBytes(body, record.sha256) : body);
    return 'copied';
  } catch (error) {
    await content.body.cancel().catch(() => {});
    if (error instanceof WrongDigest) return problemOf('wrong-digest', at, error.message);
    if (failedRead) return failedRead;
    if (!signal?.aborted && (await to.head(key))) return 'gone';
    throw error;
  }
}
