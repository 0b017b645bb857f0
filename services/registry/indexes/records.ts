/** What the table holds of indexes over all packages of a project. */
import type { IndexDocument, IndexSettings, StoredStanza } from '../../domain/repository-index.ts';
import type { Item } from '../../ports/table.ts';
import { keys } from '../records/keys.ts';

/** An index: its revision moves in each transaction that changes what it says. */
export interface StoredIndex {
  readonly projectId: number;
  readonly format: string;
  readonly index: string;
  readonly revision: number;
  readonly settings?: IndexSettings;
  readonly settingsRevision?: number;
}

/** The documents of an index as a whole. */
export interface BuiltIndex {
  /** Documents of this generation, and of those before it that have no newer ones, are served. */
  readonly generation: number;
  /** The revision of the index that they are of, at least. */
  readonly revision: number;
  readonly layout: number;
  /** Milliseconds since the epoch. */
  readonly builtAt: number;
  readonly parts: readonly BuiltPart[];
}

/** A part as it was rendered: of which revisions of its partitions, with how many stanzas. */
export interface BuiltPart {
  readonly partition: string;
  readonly revision: string;
  readonly count: number;
  readonly documents: readonly string[];
}

/** Who builds an index. Each builder gets the next generation; what it writes holds only while the lease is its own. */
export interface BuildLease {
  readonly owner: string;
  readonly generation: number;
  /** Until when it is not taken away: milliseconds since the epoch. */
  readonly until: number;
  /** Until when readers leave the index to the job: one of them has begun a build that takes longer than it can wait. */
  readonly leftUntil?: number;
}

/** A document in one of its two places. Small ones are kept in the item, as `bytes`. */
export interface StoredDocument extends IndexDocument {
  readonly generation: number;
  readonly slot: 'A' | 'B';
  /** Where the bytes lie, when not in the item. */
  readonly storageKey?: string;
  readonly bytes?: Uint8Array;
  /** The document is gone since this generation. */
  readonly gone?: boolean;
}

/** A document by a name made from its digest. */
export interface StoredAlias extends IndexDocument {
  readonly generation: number;
  /** The name of the document it is another name of. */
  readonly of: string;
  readonly storageKey?: string;
  readonly bytes?: Uint8Array;
  /** Since when the document has other bytes: milliseconds since the epoch. */
  readonly replacedAt?: number;
}

/** A stanza's item. Long texts are compressed. */
export interface StanzaItem {
  readonly key: string;
  readonly fileId: number;
  readonly versionId: number;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** A newer file of the same name has taken the file's place. */
  readonly hidden?: boolean;
}

/** A stanza with what decides whether it counts. */
export interface FoundStanza extends StoredStanza {
  readonly fileId: number;
}

/** What the attribute that holds the revision of a partition starts with. */
const PARTITION = 'partition:';

/** The attribute of an index that holds the revision of a partition. */
export function partitionAttribute(partition: string): string {
  return PARTITION + partition;
}

/** The partitions that ever had a stanza, in order, each with its revision. */
export function partitionRevisions(item: Item): ReadonlyMap<string, number> {
  const found = Object.entries(item).filter(([name]) => name.startsWith(PARTITION));
  return new Map(
    found.map(([name, value]) => [name.slice(PARTITION.length), Number(value)] as const).sort(byName),
  );
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

/** The keys of the items that tell whether an index is up to date. */
export function stateKeys(ref: { projectId: number; format: string; index: string }) {
  return [keys.index(ref), keys.builtIndex(ref)] as const;
}
