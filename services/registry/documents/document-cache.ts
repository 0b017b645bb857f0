import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';

const toGzip = promisify(gzip);
const toBrotli = promisify(brotliCompress);

/** Something made from a package, which is right as long as the package is of a revision. */
export interface Kept {
  readonly revision: string;
  /** About how many bytes it takes in memory. */
  readonly weight: number;
}

/** A rendered index as it is sent. Each form is made when it is first asked for. */
export interface Document extends Kept {
  /** Bytes before compression; 0 when there is nothing to send. Of a large document their number is an estimate. */
  readonly length: number;
  identity(): Promise<Uint8Array> | Uint8Array;
  gzip(): Promise<Uint8Array>;
  /** Absent where it would cost too much: such a document is sent as gzip to all who take that. */
  br?(): Promise<Uint8Array>;
}

/** Keeps what is made from packages in memory, drops what was not used for longest, and makes nothing twice at once. */
export interface DocumentCache {
  /** What is under `key` when it is of `revision`, else what `make` makes from what was there before. */
  get<T extends Kept>(key: string, revision: string, make: (before?: T) => Promise<T>): Promise<T>;
}

/** What an entry takes beside its bytes. */
const OVERHEAD = 512;

/** A cache of about `maxBytes`, of uncompressed documents. */
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

/** A document of these bytes. */
export function wholeDocument(revision: string, bytes: Uint8Array): Document {
  let gzipped: Promise<Uint8Array> | undefined;
  let brotli: Promise<Uint8Array> | undefined;
  return {
    revision,
    weight: bytes.byteLength,
    length: bytes.byteLength,
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

/** The text of a document. */
export async function documentText(document: Document): Promise<string> {
  return Buffer.from(await document.identity()).toString();
}
