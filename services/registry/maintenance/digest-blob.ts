import { createHash } from 'node:crypto';
import { digestFrom, type Sha256 } from '../../domain/digests.ts';
import type { BlobStore } from '../../ports/blob-store.ts';

/** Thrown when bytes do not match their digest. */
export class WrongDigest extends Error {
  override readonly name = 'WrongDigest';
}

/** Returns the SHA-256 of a stored blob; undefined if absent. */
export async function digestOf(
  blobs: BlobStore,
  key: string,
  signal?: AbortSignal,
): Promise<Sha256 | undefined> {
  const content = await blobs.get(key);
  if (!content) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of content.body) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return digestFrom('sha256', hash.digest());
}

/**
 * Passes on the bytes of `body`, and throws after the last one if they do not match the SHA-256, so that storing
 * them fails.
 * @throws WrongDigest
 */
export async function* checkedBytes(
  body: AsyncIterable<Uint8Array>,
  sha256: Sha256,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
  const found = digestFrom('sha256', hash.digest());
  if (found !== sha256) throw new WrongDigest(`the bytes have the SHA-256 ${found}, not ${sha256}`);
}
