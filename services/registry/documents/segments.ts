/** The versions of a large index in segments of bounded size: a change of a version makes one segment anew. */
import { randomUUID } from 'node:crypto';
import { BASE, type Facts, type Fragment, type IndexKind } from './document-kind.ts';
import { compareTexts } from './render-index.ts';
import { packed, unpacked } from './stored-documents.ts';

/** The most versions of a segment, and characters of their texts; a single version may have more. */
const MAX_ENTRIES = 512;
const MAX_LENGTH = 96 * 1024;

/** A version in a segment: its facts, and how many characters its text has. */
export interface SegmentEntry<F extends Facts = Facts> {
  readonly facts: F;
  readonly length: number;
}

/** Versions that follow each other in an index. Never changes. */
export interface Segment<F extends Facts = Facts> {
  /** No other segment of any process has it. */
  readonly stamp: string;
  readonly entries: readonly SegmentEntry<F>[];
  /** How many characters the text has. */
  readonly length: number;
  /** The texts of the versions joined by the separator, compressed, with `base` where the address goes. */
  readonly bytes: Uint8Array;
  readonly base: string;
}

/** The text of a segment with the `BASE` of this process; of its lowest versions `from` are left out. */
export async function segmentText(segment: Segment, separator: string, from = 0): Promise<string> {
  const text = await unpacked(segment.bytes);
  const before = segment.entries
    .slice(0, from)
    .reduce((sum, { length }) => sum + length + separator.length, 0);
  return withOwnBase(segment, text.slice(before));
}

/** Puts versions, which are in order, into segments that have room for more. */
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
  };
}

/**
 * The segments after versions changed: `touched` are their names, `fragments` what the index says of those that are
 * still in it. Segments without such versions stay the same objects.
 */
export async function changedSegments<F extends Facts>(
  kind: Pick<IndexKind, 'order' | 'separator'>,
  segments: readonly Segment<F>[],
  touched: Iterable<string>,
  fragments: readonly Fragment<F>[],
): Promise<Segment<F>[]> {
  const fresh = new Map(fragments.map((fragment) => [fragment.facts.version, fragment]));
  const edits = Map.groupBy(new Set(touched), (version) => placeOf(kind, segments, version));
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

/** The number of the segment that has a version, or gets it. */
function placeOf<F extends Facts>(
  { order }: Pick<IndexKind, 'order' | 'separator'>,
  segments: readonly Segment<F>[],
  version: string,
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

/** Does the same for each of a list, in turn: all texts at once could be too much for the memory. */
export async function mapInTurn<T, R>(
  all: readonly T[],
  work: (each: T, index: number) => Promise<R> | R,
): Promise<R[]> {
  const results: R[] = [];
  for (const [index, each] of all.entries()) results.push(await work(each, index));
  return results;
}
