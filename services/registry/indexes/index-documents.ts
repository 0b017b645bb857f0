/** The stored documents of an index, and how its builder, which holds the lease, changes them. */
import { RegistryError } from '../../domain/errors.ts';
import type { IndexDocument } from '../../domain/repository-index.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import { ConditionFailed, type Item, type Key, type TableReader, type Write } from '../../ports/table.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { releaseBlobs } from '../blobs/release-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { entityOf, itemOf } from '../records/entities.ts';
import { type DocumentSlot, type IndexRef, keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { readItems } from '../records/read-items.ts';
import { forEachOf } from '../records/read-many.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { type Lease, LeaseLost } from './build-lease.ts';
import type { MadeDocument } from './document-sink.ts';
import type { StoredAlias, StoredDocument } from './records.ts';

/** How long the aliases of a replaced document are kept, in milliseconds, and how many per document. */
const KEEP = 2 * 3600_000;
const KEEP_COUNT = 100;

/** The records of an index's documents, without the bytes in them. */
export interface StoredDocuments {
  readonly documents: readonly StoredDocument[];
  readonly aliases: readonly StoredAlias[];
}

/** Reads the records of an index's documents. */
export async function readDocuments(table: TableReader, ref: IndexRef): Promise<StoredDocuments> {
  const [documents, aliases] = await Promise.all([
    readRecords<StoredDocument>(table, ranges.indexDocuments(ref)),
    readRecords<StoredAlias>(table, ranges.indexAliases(ref)),
  ]);
  return { documents, aliases };
}

async function readRecords<T>(table: TableReader, range: { pk: string; prefix: string }): Promise<T[]> {
  const records: T[] = [];
  for await (const items of queryPages(table, range)) {
    for (const { bytes, ...item } of items) records.push(entityOf<T>({ ...item } as Item));
  }
  return records;
}

/** Returns the documents of a generation by name: from the two slots of each, the newest up to that generation. */
export function servedDocuments(
  documents: readonly StoredDocument[],
  generation: number,
): ReadonlyMap<string, StoredDocument> {
  const served = new Map<string, StoredDocument>();
  for (const each of documents) {
    const other = served.get(each.name);
    if (each.generation <= generation && (other?.generation ?? 0) < each.generation)
      served.set(each.name, each);
  }
  return served;
}

/** The context for writing documents of the next generation next to those being served. */
export interface DocumentStage {
  readonly registry: Registry;
  readonly ref: IndexRef;
  readonly lease: Lease;
  /** The documents currently served. */
  readonly served: ReadonlyMap<string, StoredDocument>;
  /** The names of existing aliases. */
  readonly aliases: ReadonlySet<string>;
}

/**
 * Writes a document of the next generation, unless its bytes are already served. Returns the document as it will
 * be served.
 */
export async function stageDocument(stage: DocumentStage, made: MadeDocument): Promise<IndexDocument> {
  const { registry, ref, lease, served } = stage;
  const current = served.get(made.document.name);
  const aliases = made.aliases.filter((name) => !stage.aliases.has(name));
  if (current && aliases.length === 0 && isSame(current, made.document)) {
    await discard(registry, made.blob ? [made.blob] : []);
    return current;
  }
  const slot = freeSlot(current);
  // The document and each alias have one reference.
  const { blob } = made;
  const blobs = referenceBlobs(blob ? [blob, ...aliases.map(() => blob)] : []);
  await retryChanged(async () => {
    const plan = blobs.plan(await readItems(registry.table, blobs.keys));
    const stored = {
      ...made.document,
      generation: lease.generation,
      ...(blob && { storageKey: plan.storageKey(blob) }),
    };
    await writeHeld(registry, lease, [
      { put: withBytes(itemOf(keys.indexDocument(ref, stored.name, slot), { ...stored, slot }), made) },
      ...aliases.map((name): Write => {
        const alias = { ...stored, name, of: stored.name };
        return { put: withBytes(itemOf(keys.indexAlias(ref, name), alias), made) };
      }),
      ...plan.writes,
    ]);
    await discard(registry, plan.redundant.length > 0 && blob ? [blob] : []);
  });
  return made.document;
}

function isSame(current: StoredDocument, { digests, contentType }: IndexDocument): boolean {
  return !current.gone && current.digests.sha256 === digests.sha256 && current.contentType === contentType;
}

function freeSlot(current: StoredDocument | undefined): DocumentSlot {
  return current?.slot === 'A' ? 'B' : 'A';
}

function withBytes(item: Item, { bytes }: MadeDocument): Item {
  return bytes ? { ...item, bytes } : item;
}

/** Marks documents as gone from the next generation on. */
export async function stageGone(
  { registry, ref, lease, served }: DocumentStage,
  names: Iterable<string>,
): Promise<void> {
  for (const name of names) {
    const current = served.get(name);
    if (!current || current.gone) continue;
    const slot = freeSlot(current);
    const { contentType, size, digests, createdAt } = current;
    const gone = {
      name,
      contentType,
      size,
      digests,
      createdAt,
      slot,
      gone: true,
      generation: lease.generation,
    };
    await writeHeld(registry, lease, [{ put: itemOf(keys.indexDocument(ref, name, slot), gone) }]);
  }
}

/**
 * Removes what is obsolete once a generation is served: older documents, those of unfinished builds, and expired
 * aliases, with their references to blobs. Returns what is left.
 */
export async function clearReplaced(
  registry: Registry,
  ref: IndexRef,
  lease: Lease,
  generation: number,
): Promise<Pick<DocumentStage, 'served' | 'aliases'>> {
  const { documents, aliases } = await readDocuments(registry.table, ref);
  const served = servedDocuments(documents, generation);
  const replaced = documents.filter((each) => each.gone || served.get(each.name) !== each);
  await forEachOf(replaced, async (each) => {
    const key = keys.indexDocument(ref, each.name, each.slot);
    await remove(registry, lease, { key, record: each, blob: each.gone ? undefined : each.storageKey });
    return [];
  });
  const old = await markReplaced(registry, ref, lease, { aliases, served });
  await forEachOf(old, async (each) => {
    await remove(registry, lease, {
      key: keys.indexAlias(ref, each.name),
      record: each,
      blob: each.storageKey,
    });
    return [];
  });
  const left = aliases.filter((each) => !old.includes(each));
  return {
    served: new Map([...served].filter(([, { gone }]) => !gone)),
    aliases: new Set(left.map(({ name }) => name)),
  };
}

/** Records when the documents of aliases were replaced; returns the expired aliases. */
async function markReplaced(
  registry: Registry,
  ref: IndexRef,
  lease: Lease,
  { aliases, served }: { aliases: readonly StoredAlias[]; served: ReadonlyMap<string, StoredDocument> },
): Promise<readonly StoredAlias[]> {
  const now = registry.clock.now();
  const current = new Set(
    [...served.values()].filter(({ gone }) => !gone).map(({ digests }) => digests.sha256),
  );
  const judged = aliases.map((alias) => ({
    alias,
    replacedAt: current.has(alias.digests.sha256) ? undefined : (alias.replacedAt ?? now),
  }));
  await forEachOf(
    judged.filter(({ alias, replacedAt }) => alias.replacedAt !== replacedAt),
    async ({ alias, replacedAt }) => {
      await writeHeld(registry, lease, [
        { update: keys.indexAlias(ref, alias.name), set: { replacedAt }, when: { exists: true } },
      ]);
      return [];
    },
  );
  const replaced = judged.filter((each) => each.replacedAt !== undefined);
  const expired = [...Map.groupBy(replaced, ({ alias }) => alias.of).values()].flatMap((all) =>
    all
      .toSorted((a, b) => b.alias.generation - a.alias.generation)
      .filter(({ replacedAt = now }, rank) => rank >= KEEP_COUNT || now - replacedAt > KEEP),
  );
  return expired.map(({ alias }) => alias);
}

async function remove(
  registry: Registry,
  lease: Lease,
  { key, record, blob }: { key: Key; record: StoredDocument | StoredAlias; blob: string | undefined },
): Promise<void> {
  await lease.keep();
  await retryChanged(async () => {
    const item = await registry.table.get(key);
    if (item?.generation !== record.generation) return;
    await writeHeld(registry, lease, [
      { delete: key, when: { equals: { generation: record.generation } } },
      ...(blob === undefined ? [] : await releaseBlobs(registry, [record])),
    ]);
  });
}

/** Writes only while the lease is held. @throws LeaseLost if another builder has taken over */
export async function writeHeld(registry: Registry, lease: Lease, writes: readonly Write[]): Promise<void> {
  try {
    await registry.table.write([lease.held(), ...writes]);
  } catch (error) {
    if (error instanceof ConditionFailed && error.operation === 0) {
      throw new LeaseLost('another builder took over', { cause: error });
    }
    throw error;
  }
}

/** Yields the bytes of a document or an alias, from its item or from the blob store. */
export async function* documentBytes(
  blobs: BlobStore,
  { bytes, storageKey }: Pick<StoredDocument, 'bytes' | 'storageKey'>,
): AsyncGenerator<Uint8Array> {
  if (storageKey === undefined) {
    yield bytes ?? new Uint8Array();
    return;
  }
  const content = await blobs.get(storageKey);
  if (!content) throw new RegistryError('storageUnavailable');
  yield* content.body;
}
