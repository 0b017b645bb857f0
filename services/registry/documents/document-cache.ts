import { LRUCache } from 'lru-cache';

/** A rendered index as it is sent: the bytes, and compressed twins made when first asked for. */
export interface Document {
  /** Changes whenever the bytes may have: part of the ETag. */
  readonly revision: string;
  readonly identity: Uint8Array;
  gzip?: Promise<Uint8Array>;
  br?: Promise<Uint8Array>;
}

/** Keeps rendered documents in memory, the least recently used going first, and lets each be made once at a time. */
export interface DocumentCache {
  /** The document under `key` when it is of `revision`, else the one `make` makes. */
  get(key: string, revision: string, make: () => Promise<Uint8Array>): Promise<Document>;
}

/** A cache of about `maxBytes` of uncompressed documents. */
export function documentCache(maxBytes: number): DocumentCache {
  const documents = new LRUCache<string, Document>({
    maxSize: maxBytes,
    sizeCalculation: ({ identity }) => identity.byteLength + 512,
  });
  const making = new Map<string, Promise<Document>>();

  async function make(key: string, revision: string, render: () => Promise<Uint8Array>): Promise<Document> {
    const document: Document = { revision, identity: await render() };
    documents.set(key, document);
    return document;
  }

  return {
    async get(key, revision, render) {
      const cached = documents.get(key);
      if (cached?.revision === revision) return cached;
      const job = `${key}\n${revision}`;
      let made = making.get(job);
      if (!made) {
        made = make(key, revision, render).finally(() => making.delete(job));
        making.set(job, made);
      }
      return made;
    },
  };
}
