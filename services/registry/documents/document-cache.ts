import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';

const toGzip = promisify(gzip);
const toBrotli = promisify(brotliCompress);

/** A cached value made from a package, valid for one revision of the package. */
export interface Kept {
  readonly revision: string;
  /** Approximate size in memory, in bytes. */
  readonly weight: number;
}

/** A rendered index, ready to send. Each encoding is made on first use. */
export interface Document extends Kept {
  /** Bytes before compression; 0 if there is nothing to send. An estimate for large documents. */
  readonly length: number;
  /**
   * Identifies the content, links and all: documents with the same digest have the same bytes. Made once. A large
   * document is not put together for it.
   */
  digest(): Promise<string> | string;
  identity(): Promise<Uint8Array> | Uint8Array;
  gzip(): Promise<Uint8Array>;
  /** Absent where Brotli would cost too much; such a document is sent as gzip to clients that accept it. */
  br?(): Promise<Uint8Array>;
}

/** An in-memory LRU cache of values made from packages. Concurrent requests for a value share the work. */
export interface DocumentCache {
  /**
   * Returns the value of `key` if it is of `revision`; otherwise what `make` returns, given the previous value.
   */
  get<T extends Kept>(key: string, revision: string, make: (before?: T) => Promise<T>): Promise<T>;
}

/** Memory that an entry takes in addition to its bytes. */
const OVERHEAD = 512;

/** Creates a cache that holds about `maxBytes` of uncompressed documents. */
export function documentCache(maxBytes: number): DocumentCache {
  const kept = new LRUCache<string, Kept>({
    maxSize: maxBytes,
    sizeCalculation: ({ weight }) => weight + OVERHEAD,
  });
  const making = new Map<string, Promise<Kept>>();

  async function make<T extends Kept>(key: string, work: (before?: T) => Promise<T>): Promise<T> {
    const made = await work(kept.get(key) as T | undefined);
    kept.set(key, made);
    return made;
  }

  return {
    async get<T extends Kept>(key: string, revision: string, work: (before?: T) => Promise<T>): Promise<T> {
      const found = kept.get(key) as T | undefined;
      if (found?.revision === revision) return found;
      const job = `${key}\n${revision}`;
      let made = making.get(job) as Promise<T> | undefined;
      if (!made) {
        made = make(key, work).finally(() => making.delete(job));
        making.set(job, made);
      }
      return made;
    },
  };
}

/** Returns the SHA-256 of a content, as base64url. */
export function contentDigest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url');
}

/** Returns a document of these bytes. */
export function wholeDocument(revision: string, bytes: Uint8Array): Document {
  let digest: string | undefined;
  let gzipped: Promise<Uint8Array> | undefined;
  let brotli: Promise<Uint8Array> | undefined;
  return {
    revision,
    weight: bytes.byteLength,
    length: bytes.byteLength,
    digest() {
      digest ??= contentDigest(bytes);
      return digest;
    },
    identity: () => bytes,
    gzip() {
      gzipped ??= toGzip(bytes, { level: 6 });
      return gzipped;
    },
    br() {
      brotli ??= toBrotli(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 5,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
        },
      });
      return brotli;
    },
  };
}

/** Returns the text of a document. */
export async function documentText(document: Document): Promise<string> {
  return Buffer.from(await document.identity()).toString();
}
