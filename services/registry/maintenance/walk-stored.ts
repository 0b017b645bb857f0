import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';
import type { TableReader } from '../../ports/table.ts';
import { digitOf, STORED, storedDigits } from '../blobs/storage-keys.ts';
import { type BlobRecord, entityOf } from '../records/entities.ts';
import { indexes } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { type Keyed, mergeByKey } from './merge-by-key.ts';

/** A storage key, its blob in each store, and its record. */
export interface StoredKey {
  readonly key: string;
  readonly stored: readonly (BlobInfo | undefined)[];
  readonly record: BlobRecord | undefined;
}

/**
 * Yields every storage key in the stores or records, in order, after the key `after`. Stores and records are read
 * a page at a time: a thousand blobs cost a list call and a query. Each page is a snapshot of when it was read,
 * and the index of records may lag behind, so check again before acting on something that seems to be missing.
 */
export async function* walkStored(
  table: TableReader,
  stores: readonly BlobStore[],
  after?: string,
): AsyncGenerator<StoredKey> {
  const start = after === undefined ? '' : digitOf(after);
  for (const digit of storedDigits.filter((each) => each >= start)) {
    const from = digit === start ? after : undefined;
    const lists = stores.map((store) => blobsIn(store, digit, from));
    const sources = [recorded(table, digit, from), ...lists] as const;
    for await (const { key, found } of mergeByKey<[KeyedRecord, ...BlobInfo[]]>(sources)) {
      const [record, ...stored] = found;
      yield { key, stored, record: record?.record };
    }
  }
}

interface KeyedRecord extends Keyed {
  readonly record: BlobRecord;
}

async function* blobsIn(blobs: BlobStore, digit: string, from: string | undefined): AsyncGenerator<BlobInfo> {
  for (let after = from; ; ) {
    const page = await blobs.list({ prefix: STORED + digit, ...(after === undefined ? {} : { after }) });
    yield* page.blobs;
    after = page.blobs.at(-1)?.key;
    if (!page.more || after === undefined) return;
  }
}

async function* recorded(
  table: TableReader,
  digit: string,
  after: string | undefined,
): AsyncGenerator<KeyedRecord> {
  const query = { ...indexes.stored(digit), ...(after === undefined ? {} : { after }) };
  for await (const items of queryPages(table, query)) {
    for (const item of items) {
      const record = entityOf<BlobRecord>(item);
      yield { key: record.storageKey, record };
    }
  }
}
