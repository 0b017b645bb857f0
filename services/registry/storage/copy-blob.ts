import type { BlobStore } from '../../ports/blob-store.ts';
import type { BlobRecord } from '../entities.ts';
import { checkedBytes, WrongDigest } from './digest-blob.ts';
import { type Problem, problemOf } from './storage-problems.ts';

/** The stores blobs are moved between. */
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

/**
 * Copies one blob, checked on its way against the digest in its record; what does not match is not left there.
 * `gone` when there is nothing to copy any more, or someone else has copied it.
 */
export async function copyBlob(
  { from, to }: MigrationStores,
  { key, record, signal }: Copy,
  onBytes: (bytes: number) => void,
): Promise<'copied' | 'gone' | Problem> {
  const content = await from.get(key);
  if (!content) return 'gone';

  async function* passing(body: AsyncIterable<Uint8Array>) {
    for await (const chunk of body) {
      signal?.throwIfAborted();
      onBytes(chunk.byteLength);
      yield chunk;
    }
  }

  const body = passing(content.body);
  try {
    await to.put(key, record ? checkedBytes(body, record.sha256) : body);
    return 'copied';
  } catch (error) {
    await content.body.cancel().catch(() => {});
    if (error instanceof WrongDigest) {
      return problemOf('wrong-digest', record ?? { storageKey: key }, error.message);
    }
    if (signal?.aborted || (await to.head(key))) return 'gone';
    throw error;
  }
}
