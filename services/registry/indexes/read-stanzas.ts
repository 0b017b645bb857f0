import { inflateRawSync } from 'node:zlib';
import type { StoredStanza } from '../../domain/repository-index.ts';
import type { Item, TableReader } from '../../ports/table.ts';
import { compareUtf8 } from '../../ports/table-rules.ts';
import { entityOf } from '../records/entities.ts';
import { type IndexRef, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import type { StanzaItem } from './records.ts';

/** The most bytes of a decompressed stanza. Publishes refuse larger ones, so none should exist. */
const MAX_TEXT = 16 * 1024 * 1024;

/** A partition of one project's index, and the versions that the index leaves out. */
export interface StanzaSource {
  readonly ref: IndexRef;
  readonly partition: string;
  readonly unlisted: ReadonlySet<number>;
}

/** How to read stanzas. `onPage` runs before each page, and may throw to stop reading. */
export interface ReadStanzas {
  readonly table: TableReader;
  readonly onPage: () => Promise<void>;
}

/** A stanza that may be yielded; `order` is its sort order. */
interface Candidate {
  readonly order: string;
  readonly source: number;
  readonly projectId: number;
  readonly item: StanzaItem;
}

/** Returns the ids of the versions that an index leaves out. */
export async function unlistedVersions(table: TableReader, ref: IndexRef): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  for await (const items of queryPages(table, ranges.unlisted(ref))) {
    for (const item of items) found.add(Number(item.versionId));
  }
  return found;
}

/**
 * Yields the stanzas of several partitions in the order of their keys, with a page of each in memory. Of several
 * with the same key, it yields that of the newest file if they are of one project, else that of the first source.
 */
export async function* readStanzas(
  sources: readonly StanzaSource[],
  how: ReadStanzas,
): AsyncGenerator<StoredStanza> {
  let same: Candidate[] = [];
  for await (const candidate of merged(sources, how)) {
    if (same[0] && same[0].order !== candidate.order) {
      yield* chosen(same);
      same = [];
    }
    same.push(candidate);
  }
  yield* chosen(same);
}

/** Yields the candidates of all sources in order. */
async function* merged(sources: readonly StanzaSource[], how: ReadStanzas): AsyncGenerator<Candidate> {
  const lists = sources.map((source, index) => candidates(source, index, how));
  try {
    const heads = await Promise.all(lists.map((list) => list.next()));
    for (;;) {
      let least: { readonly list: number; readonly candidate: Candidate } | undefined;
      for (const [list, head] of heads.entries()) {
        if (head.done) continue;
        if (!least || compareUtf8(head.value.order, least.candidate.order) < 0) {
          least = { list, candidate: head.value };
        }
      }
      const list = least && lists[least.list];
      if (!least || !list) return;
      yield least.candidate;
      heads[least.list] = await list.next();
    }
  } finally {
    await Promise.all(lists.map((list) => list.return(undefined)));
  }
}

async function* candidates(
  { ref, partition, unlisted }: StanzaSource,
  source: number,
  { table, onPage }: ReadStanzas,
): AsyncGenerator<Candidate, undefined> {
  for await (const items of queryPages(table, ranges.stanzas(ref, partition))) {
    await onPage();
    for (const each of items) {
      const item = entityOf<StanzaItem>(each);
      if (item.hidden || unlisted.has(item.versionId)) continue;
      yield { order: orderOf(each), source, projectId: ref.projectId, item };
    }
  }
}

/** Returns the part of a sort key that stanzas with the same key share. */
function orderOf({ sk }: Item): string {
  return sk.slice(0, sk.lastIndexOf('#') + 1);
}

function* chosen(same: readonly Candidate[]): Generator<StoredStanza> {
  const best = same.toSorted(byPrecedence)[0];
  if (best) yield { key: best.item.key, projectId: best.projectId, text: textOf(best.item) };
}

function byPrecedence(a: Candidate, b: Candidate): number {
  const bySource = a.projectId === b.projectId ? 0 : a.source - b.source;
  return bySource || b.item.fileId - a.item.fileId;
}

function textOf({ text, bytes }: StanzaItem): string {
  if (text !== undefined) return text;
  return inflateRawSync(bytes ?? new Uint8Array(), { maxOutputLength: MAX_TEXT }).toString();
}
