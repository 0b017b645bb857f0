/** The records of indexes over all packages of a project. */
import type { IndexDocument, IndexSettings } from '../../domain/repository-index.ts';
import type { Item } from '../../ports/table.ts';
import { keys } from '../records/keys.ts';

/** An index. Each transaction that changes its contents increments its revision. */
export interface StoredIndex {
  readonly projectId: number;
  readonly format: string;
  readonly index: string;
  readonly revision: number;
  readonly settings?: IndexSettings;
  readonly settingsRevision?: number;
}

/** The last completed build of an index. */
export interface BuiltIndex {
  /** Serves, of each document, the newest one up to this generation. */
  readonly generation: number;
  /** The revision of the index that the documents contain, at least. */
  readonly revision: number;
  readonly layout: number;
  /** Milliseconds since the epoch. */
  readonly builtAt: number;
  readonly parts: readonly BuiltPart[];
}

/** A rendered part, with the revisions of its partitions and the number of its stanzas. */
export interface BuiltPart {
  readonly partition: string;
  readonly revision: string;
  readonly count: number;
  readonly documents: readonly string[];
}

/** The builder of an index. Each builder gets the next generation, and can write only while it has the lease. */
export interface BuildLease {
  readonly owner: string;
  readonly generation: number;
  /** When the lease expires, in milliseconds since the epoch. */
  readonly until: number;
  /**
   * Until when readers leave the index to the job, in milliseconds since the epoch; set after a reader began a
   * build that takes longer than it can wait.
   */
  readonly leftUntil?: number;
}

/** A document in one of its two slots. Small ones are stored in the item, as `bytes`. */
export interface StoredDocument extends IndexDocument {
  readonly generation: number;
  readonly slot: 'A' | 'B';
  /** The storage key of the bytes, if they are not in the item. */
  readonly storageKey?: string;
  readonly bytes?: Uint8Array;
  /** Whether the document no longer exists since this generation. */
  readonly gone?: boolean;
}

/** A document under a name made from its digest. */
export interface StoredAlias extends IndexDocument {
  readonly generation: number;
  /** The name of the document. */
  readonly of: string;
  readonly storageKey?: string;
  readonly bytes?: Uint8Array;
  /** When the document got other bytes, in milliseconds since the epoch. */
  readonly replacedAt?: number;
}

/** The record of a stanza. Long texts are compressed. */
export interface StanzaItem {
  readonly key: string;
  readonly fileId: number;
  readonly versionId: number;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** Set if the file was removed or replaced by a newer one of the same name. */
  readonly hidden?: boolean;
}

/** Prefix of the attributes that hold the revisions of partitions. */
const PARTITION = 'partition:';

/** Returns the name of the attribute that holds the revision of a partition. */
export function partitionAttribute(partition: string): string {
  return PARTITION + partition;
}

/** Returns all partitions that ever had a stanza, in order, with their revisions. */
export function partitionRevisions(item: Item): ReadonlyMap<string, number> {
  const found = Object.entries(item).filter(([name]) => name.startsWith(PARTITION));
  return new Map(
    found.map(([name, value]) => [name.slice(PARTITION.length), Number(value)] as const).sort(byName),
  );
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

/** Returns the keys of the items that decide whether an index is up to date. */
export function stateKeys(ref: { projectId: number; format: string; index: string }) {
  return [keys.index(ref), keys.builtIndex(ref)] as const;
}
