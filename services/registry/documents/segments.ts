/** The versions of a large index in segments of bounded size: a changed version rebuilds one segment only. */

import { randomUUID } from 'node:crypto';
import type { VersionName } from '../../domain/names.ts';
import { contentDigest } from './document-cache.ts';
import { BASE, type Facts, type Fragment, type IndexKind } from './document-kind.ts';
import { compareTexts } from './render-index.ts';
import { packed, unpacked } from './stored-documents.ts';

/** The most versions in a segment, and the most characters of their texts; a single version may be longer. */
const MAX_ENTRIES = 512;
const MAX_LENGTH = 96 * 1024;

/** A version in a segment: its facts, and the length of its text in characters. */
export interface SegmentEntry<F extends Facts = Facts> {
  readonly facts: F;
  readonly length: number;
}

/** Consecutive versions of an index. Immutable. */
export interface Segment<F extends Facts = Facts> {
  /** Unique among the segments of all processes. */
  readonly stamp: string;
  readonly entries: readonly SegmentEntry<F>[];
  /** Length of the text, in characters. */
  readonly length: number;
  /** The texts of the versions joined by the separator, compressed, with `base` in place of the address. */
  readonly bytes: Uint8Array;
  readonly base: string;
  /** See `textDigest`; absent from segments that earlier versions of Packhouse stored. */
  readonly digest?: string | undefined;
}

const digests = new WeakMap<Segment, Promise<string>>();

/** Returns the digest of a segment's text. A stored one is not unpacked for it. */
export function segmentDigest(segment: Segment, separator: string): Promise<string> | string {
  if (segment.digest !== undefined) return segment.digest;
  let digest = digests.get(segment);
  if (!digest) {
    digest = segmentText(segment, separator).then(textDigest);
    digests.set(segment, digest);
  }
  return digest;
}

/** Returns the digest of a text that contains `BASE`; the same in every process, whatever the address is. */
export function textDigest(text: string): string {
  return contentDigest(JSON.stringify(text.split(BASE)));
}

/** Returns the text of a segment, with the `BASE` of this process and without its `from` lowest versions. */
export async function segmentText(segment: Segment, separator: string, from = 0): Promise<string> {
  const text = await unpacked(segment.bytes);
  const before = segment.entries
    .slice(0, from)
    .reduce((sum, { length }) => sum + length + separator.length, 0);
  return withOwnBase(segment, text.slice(before));
}

/** Splits sorted versions into half-full segments, so that there is room for more. */
export function segmentsOf<F extends Facts>(
  kind: Pick<IndexKind, 'order' | 'separator'>,
  fragments: readonly Fragment<F>[],
): Promise<Segment<F>[]> {
  const groups: Fragment<F>[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const fragment of fragments) {
    const group = groups.at(-1);
    length += fragment.text.length;
    if (group && group.length < MAX_ENTRIES / 2 && length <= MAX_LENGTH / 2) {
      group.push(fragment);
    } else {
      groups.push([fragment]);
      length = fragment.text.length;
    }
  }
  return mapInTurn(groups, (group) => segmentOf(kind, group));
}

async function segmentOf<F extends Facts>(
  { separator }: Pick<IndexKind, 'order' | 'separator'>,
  fragments: readonly Fragment<F>[],
): Promise<Segment<F>> {
  const text = fragments.map((fragment) => fragment.text).join(separator);
  return {
    stamp: randomUUID(),
    entries: fragments.map((fragment) => ({ facts: fragment.facts, length: fragment.text.length })),
    length: text.length,
    bytes: await packed(text),
    base: BASE,
    digest: textDigest(text),
  };
}

/**
 * Returns the segments after a change. `touched` has the names of the changed versions, `fragments` the new texts
 * of those still in the index. Segments without changed versions are returned unchanged.
 */
export async function changedSegments<F extends Facts>(
  kind: Pick<IndexKind, 'order' | 'separator'>,
  segments: readonly Segment<F>[],
  touched: Iterable<VersionName>,
  fragments: readonly Fragment<F>[],
): Promise<Segment<F>[]> {
  const fresh = new Map(fragments.map((fragment) => [fragment.facts.version, fragment]));
  const edits = Map.groupBy(new Set(touched), (version) => segmentIndexOf(kind, segments, version));
  const changed = await mapInTurn(segments.length === 0 ? [undefined] : segments, async (segment, index) => {
    const versions = edits.get(index);
    if (!versions) return segment ? [segment] : [];
    const before = segment ? await fragmentsIn(segment, kind.separator) : [];
    const gone = new Set(versions);
    const kept = before.filter(({ facts }) => !gone.has(facts.version));
    const added = versions.flatMap((version) => fresh.get(version) ?? []);
    const all = merged(kind, kept, added);
    const length = all.reduce((sum, { text }) => sum + text.length, 0);
    if (all.length <= 1 || (all.length <= MAX_ENTRIES && length <= MAX_LENGTH)) {
      return all.length === 0 ? [] : [await segmentOf(kind, all)];
    }
    return segmentsOf(kind, all);
  });
  return changed.flat();
}

/** Returns the index of the segment that a version is in or belongs in. */
function segmentIndexOf<F extends Facts>(
  { order }: Pick<IndexKind, 'order' | 'separator'>,
  segments: readonly Segment<F>[],
  version: VersionName,
): number {
  const key = order.parse(version);
  let [low, high] = [0, segments.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const first = segments[middle]?.entries[0]?.facts.version ?? '';
    const before = order.compare(order.parse(first), key) || compareTexts(first, version);
    if (before <= 0) low = middle;
    else high = middle;
  }
  return low;
}

function withOwnBase({ base }: Segment, text: string): string {
  return base === BASE ? text : text.replaceAll(base, BASE);
}

async function fragmentsIn<F extends Facts>(segment: Segment<F>, separator: string): Promise<Fragment<F>[]> {
  // Lengths were counted with the placeholder of the process that made the segment.
  const text = await unpacked(segment.bytes);
  let start = 0;
  return segment.entries.map(({ facts, length }) => {
    const part = withOwnBase(segment, text.slice(start, start + length));
    start += length + separator.length;
    return { facts, text: part };
  });
}

function merged<F extends Facts>(
  { order }: Pick<IndexKind, 'order' | 'separator'>,
  kept: readonly Fragment<F>[],
  added: readonly Fragment<F>[],
): Fragment<F>[] {
  const keyed = [...kept, ...added].map((fragment) => ({
    fragment,
    version: fragment.facts.version,
    key: order.parse(fragment.facts.version),
  }));
  keyed.sort((a, b) => order.compare(a.key, b.key) || compareTexts(a.version, b.version));
  return keyed.map(({ fragment }) => fragment);
}

/** Maps a list one item at a time, since all texts at once could need too much memory. */
export async function mapInTurn<T, R>(
  all: readonly T[],
  work: (each: T, index: number) => Promise<R> | R,
): Promise<R[]> {
  const results: R[] = [];
  for (const [index, each] of all.entries()) results.push(await work(each, index));
  return results;
}
