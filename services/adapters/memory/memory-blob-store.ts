import { checkBlobKey, checkRange, MAX_BLOB_PAGE } from '../../ports/blob-rules.ts';
import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';

/** The chunk size of readers, in bytes, so that callers get more than one chunk. */
const CHUNK = 64 * 1024;

/** A `BlobStore` in memory, for tests and demonstrations. It creates no links. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, BlobInfo & { readonly bytes: Uint8Array }>();

  function info(key: string): BlobInfo | undefined {
    const blob = blobs.get(key);
    return blob && { key, size: blob.size, modifiedAt: blob.modifiedAt };
  }

  return {
    async put(key, body) {
      checkBlobKey(key);
      const bytes = await gather(body);
      blobs.set(key, { key, bytes, size: bytes.byteLength, modifiedAt: Date.now() });
      return { size: bytes.byteLength };
    },
    async get(key, range) {
      checkBlobKey(key);
      const blob = blobs.get(key);
      if (!blob) return undefined;
      if (range) checkRange(range, blob.size);
      const bytes = range ? blob.bytes.subarray(range.start, range.end + 1) : blob.bytes;
      return { key, size: blob.size, modifiedAt: blob.modifiedAt, body: streamOf(bytes) };
    },
    async head(key) {
      checkBlobKey(key);
      return info(key);
    },
    async delete(keys) {
      for (const key of keys) checkBlobKey(key);
      for (const key of keys) blobs.delete(key);
    },
    async list({ prefix = '', after = '' } = {}) {
      const keys = [...blobs.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      const page = keys.slice(0, MAX_BLOB_PAGE);
      return { blobs: page.flatMap((key) => info(key) ?? []), more: keys.length > page.length };
    },
    async dropUnfinished() {
      return 0;
    },
    async link() {
      return undefined;
    },
  };
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(Buffer.concat(chunks));
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(at, at + CHUNK));
      at = Math.min(at + CHUNK, bytes.byteLength);
    },
  });
}
