/**
 * Segmented indexes in the table: a manifest that names the segments, and an item for each segment. Segments are
 * never changed in place. New ones go to slots that the manifest does not name, and count once it names them. So
 * an interrupted write leaves the index as it was, and two concurrent writes do not mix.
 */
import { randomUUID } from 'node:crypto';
import { ConditionFailed, type Item, type Key, type TableReader, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, storedAs } from '../records/entities.ts';
import { readMany } from '../records/read-many.ts';
import type { Facts } from './document-kind.ts';
import type { Segment, SegmentEntry } from './segments.ts';
import { type Source, sourceList } from './source.ts';
import { documentFacts, documentKey, logFailure } from './stored-documents.ts';

/** The revision of one source that an index has reached. */
export interface Progress {
  readonly id: string;
  readonly revision: number;
  /** The ids of the newest applied steps. */
  readonly applied: readonly string[];
}

/** The segments of an index, and the revisions of the sources that they were made from. */
export interface Segments<F extends Facts = Facts> {
  readonly progress: readonly Progress[];
  readonly segments: readonly Segment<F>[];
}

/** The slot of a segment, and the stamp expected there. */
type StoredSegment = readonly [slot: number, stamp: string];

/** The manifest of an index in the table. */
export interface Manifest {
  /** Identifies the manifest: only a process that has read it replaces it. Undefined if absent. */
  readonly stamp: string | undefined;
  readonly progress: readonly Progress[];
  readonly segments: readonly StoredSegment[];
}

const NO_MANIFEST: Manifest = { stamp: undefined, progress: [], segments: [] };

/** The most bytes of an item, and of the items in a transaction, with room for attribute names and numbers. */
const MAX_ITEM = 380_000;
const MAX_BATCH = 3_000_000;
const MAX_WRITES = 50;

/** Reads the manifest of an index. It has no progress if it belongs to other sources. */
export async function readManifest(
  table: TableReader,
  sources: readonly Source[],
  kind: string,
): Promise<Manifest> {
  const item = await table.get(documentKey(sources, kind, '#segments'));
  if (!item) return NO_MANIFEST;
  const manifest = manifestIn(item);
  return item.sources === sourceList(sources) ? manifest : { ...NO_MANIFEST, stamp: manifest.stamp };
}

function manifestIn(item: Item): Manifest {
  const { stamp, progress, [storedAs.segments]: segments } = item;
  return { stamp, progress, segments } as unknown as Manifest;
}

function manifestItem(key: Key, facts: object, { stamp, progress, segments }: Manifest): Item {
  return itemOf(key, { ...facts, stamp, progress, [storedAs.segments]: segments });
}

/** Reads the segments that a manifest names, `known` ones from memory; undefined if one no longer exists. */
export async function readSegments<F extends Facts>(
  table: TableReader,
  sources: readonly Source[],
  kind: string,
  { manifest, known }: { readonly manifest: Manifest; readonly known: readonly Segment<F>[] },
): Promise<Segment<F>[] | undefined> {
  const byStamp = new Map(known.map((segment) => [segment.stamp, segment]));
  const missing = manifest.segments.filter(([, stamp]) => !byStamp.has(stamp));
  const items = await readMany(
    table,
    missing.map(([slot]) => documentKey(sources, kind, `#s${slot}`)),
  );
  for (const item of items) if (item) byStamp.set(String(item.stamp), segmentIn<F>(item));
  const segments = manifest.segments.flatMap(([, stamp]) => byStamp.get(stamp) ?? []);
  return segments.length === manifest.segments.length ? segments : undefined;
}

function segmentIn<F extends Facts>(item: Item): Segment<F> {
  return {
    stamp: String(item.stamp),
    base: String(item.base),
    entries: JSON.parse(String(item.entries)) as SegmentEntry<F>[],
    length: Number(item.length),
    bytes: item.bytes as Uint8Array,
    digest: item.digest === undefined ? undefined : String(item.digest),
  };
}

/**
 * Replaces a stored index: writes the new segments, then the manifest. Does nothing if another process was faster,
 * or if a part is too large for the table.
 */
export async function storeSegments(
  registry: Registry,
  sources: readonly Source[],
  kind: string,
  { before, index }: { readonly before: Manifest; readonly index: Segments },
): Promise<void> {
  const facts = documentFacts(registry, sources);
  const slots = new Map(before.segments.map(([slot, stamp]) => [stamp, slot]));
  const taken = new Set(slots.values());
  const items: Item[] = [];
  let slot = 0;
  for (const { bytes, entries, ...segment } of index.segments) {
    const { stamp } = segment;
    if (slots.has(stamp)) continue;
    while (taken.has(slot)) slot++;
    slots.set(stamp, slot);
    const key = documentKey(sources, kind, `#s${slot++}`);
    items.push({ ...itemOf(key, { ...facts, ...segment, entries: JSON.stringify(entries) }), bytes });
  }
  const segments = index.segments.map(({ stamp }): StoredSegment => [slots.get(stamp) ?? 0, stamp]);
  const manifest: Manifest = { stamp: randomUUID(), progress: index.progress, segments };
  const last = manifestItem(documentKey(sources, kind, '#segments'), facts, manifest);
  if ([...items, last].some((item) => sizeOf(item) > MAX_ITEM)) return;
  const batches = batchesOf(items);
  const put: Write = { put: last, when: { equals: { stamp: before.stamp } } };
  await logFailure(registry, sources, async () => {
    try {
      for (const batch of batches.slice(0, -1)) await registry.table.write(batch);
      await registry.table.write([...(batches.at(-1) ?? []), put]);
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  });
}

function sizeOf({ bytes, ...rest }: Item): number {
  return Buffer.byteLength(JSON.stringify(rest)) + (bytes instanceof Uint8Array ? bytes.byteLength : 0);
}

function batchesOf(items: readonly Item[]): Write[][] {
  const batches: Write[][] = [];
  let size = 0;
  for (const item of items) {
    const batch = batches.at(-1);
    size += sizeOf(item);
    if (batch && batch.length < MAX_WRITES && size <= MAX_BATCH) {
      batch.push({ put: item });
    } else {
      batches.push([{ put: item }]);
      size = sizeOf(item);
    }
  }
  return batches;
}
