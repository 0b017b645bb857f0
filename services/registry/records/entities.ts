import type { BlobDigests, ContentAlgorithm, Digests, Sha256 } from '../../domain/digests.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import type {
  PackageBlob,
  PackageHead,
  PackageRef,
  PackageStatus,
  StagedBytes,
  Version,
} from '../../domain/packages.ts';
import type { Item, Key, Value } from '../../ports/table.ts';

/** An entity as the attributes of an item. */
export function itemOf(key: Key, entity: object, extra: Partial<Item> = {}): Item {
  return { ...(entity as Record<string, Value>), ...extra, ...key };
}

/** The entity of an item, unchecked: the registry trusts that it is of the type passed to `itemOf`. */
export function entityOf<T>(item: Item): T {
  return item as unknown as T;
}

/** An entity without its key and index attributes, to be stored under another key. */
export function plainEntity<T extends object>(entity: T): T {
  const { pk, sk, index1pk, index1sk, index2pk, index2sk, ...rest } = entity as T & Record<string, unknown>;
  return rest as T;
}

/** The entity of an item that may be missing. */
export function maybeEntity<T>(item: Item | undefined): T | undefined {
  return item === undefined ? undefined : entityOf<T>(item);
}

/**
 * Attributes that are stored under other names than the code uses; the keys `LISTED#...` and `storedEventType` are of
 * the same kind. The stored names do not change, because processes of two versions of
 * Packhouse use the same table during a deployment. The older ones would find no subpackages of an umbrella and remove
 * its name; they would not run jobs for events of unknown types; and a server would shut down, since the blobs seem to
 * have been moved. To rename them in the table, one version would have to read both names, and the next rename them.
 */
export const storedAs = {
  /** How many subpackages a name has (`StoredHead`). */
  subpackageCount: 'listedCount',
  /** The name of a package's umbrella (`StoredHead`). */
  umbrellaName: 'listedBy',
  /** The umbrella of a removed version (`RemovedVersion`). */
  umbrella: 'listing',
  /** The storage location of the blobs (`StorageHome`). */
  location: 'place',
  /** The segments that a manifest names (`Manifest`). */
  segments: 'places',
} as const;

/** The record of a blob: its storage key, and how many files refer to it. */
export interface BlobRecord {
  readonly sha256: Sha256;
  readonly digests: BlobDigests;
  readonly size: number;
  readonly storageKey: string;
  readonly refs: number;
  /** When the blob became orphaned, in milliseconds since the epoch; undefined while files refer to it. */
  readonly unreferencedAt?: number;
}

/** Bytes that a package holds, as they are stored. */
export interface StoredPackageBlob extends PackageBlob, PackageRef {
  /** How often somebody needed them: a removal fails if this changes while it looks whether they are used. */
  readonly touches: number;
  /** When a version that uses them was published last. */
  readonly usedAt?: number;
  /** When they were removed; versions that can be restored still use them. */
  readonly removedAt?: number;
}

/** An upload in parts. Times are milliseconds since the epoch. */
export interface StoredUpload extends PackageRef {
  /** A random text that can't be guessed. */
  readonly id: string;
  readonly algorithm: ContentAlgorithm;
  readonly size: number;
  readonly parts: readonly StagedBytes[];
  readonly startedAt: number;
  readonly endsAt: number;
}

/** Digests of a file that came before the file. `at` is when the last one came. */
export type ExpectedDigests = Partial<Digests> & { readonly at: number };

/** The item under `PACKAGE#` in a project's partition: a version by its id, with the fields lists filter by. */
export interface PackagePointer {
  readonly id: number;
  readonly projectId: number;
  readonly format: string;
  readonly name: PackageName;
  readonly version: VersionName;
  readonly displayVersion?: VersionName;
  readonly status: PackageStatus;
  readonly createdAt: number;
}

/** An entry of the name index: a project that holds a package name. */
export interface NameEntry {
  readonly projectId: number;
  readonly rootId: number;
  /** Namespaces of the project, root first. */
  readonly ancestors: readonly number[];
}

/** A name entry together with its name, in the indexes that hold many names. */
export interface NamedEntry extends NameEntry {
  readonly format: string;
  readonly name: PackageName;
}

/** The owner of a name that has no namespace of its own. It stays when no project holds the name any more. */
export interface NameOwner {
  readonly format: string;
  readonly name: PackageName;
  /** The root namespace; absent once an administrator has released the name, until it is published again. */
  readonly rootId?: number;
  /** Whether an administrator has released the name. */
  readonly released?: true;
  /** When the name was taken, moved or released, in milliseconds since the epoch. */
  readonly changedAt: number;
}

/** A prefix of names that an administrator has bound to a root namespace. */
export interface BoundPrefix {
  readonly format: string;
  readonly prefix: PackageName;
  readonly rootId: number;
  readonly createdAt: number;
}

/** Who removed something. */
export interface RemovedBy {
  readonly kind: Actor['kind'];
  readonly id: number;
  readonly name: string;
}

/** A stored head. `live` is true while the package is in the name index: it has versions or subpackages. */
export interface StoredHead extends PackageHead {
  readonly live: boolean;
  /** When the package was removed as a whole, in milliseconds since the epoch, and by whom; absent while it is live. */
  readonly removedAt?: number;
  readonly removedBy?: RemovedBy;
  /** See `subpackageCount`. */
  readonly [storedAs.subpackageCount]?: number;
  /** See `umbrellaNameOf`. */
  readonly [storedAs.umbrellaName]?: PackageName;
}

/** Returns how many subpackages a name has. */
export function subpackageCount(head: StoredHead): number {
  return head[storedAs.subpackageCount] ?? 0;
}

/** Returns the name of a package's umbrella; undefined if it is no subpackage. */
export function umbrellaNameOf(head: StoredHead | undefined): PackageName | undefined {
  return head?.[storedAs.umbrellaName];
}

/**
 * A stored version. `additions` counts files and tags added after it was created. `claim` is set while its files
 * are still being published: `open` for the publish that owns it, `undoing` once that publish is being undone.
 * `updatedAt` is then the time of the last step.
 */
export interface StoredVersion<M = unknown> extends Version<M> {
  readonly additions?: number;
  /** Whether its format has indexes over all packages, which describe its files. */
  readonly indexed?: boolean;
  readonly claim?: 'open' | 'undoing';
  /**
   * Another text under which it has files that do not count: copies, while the upgrade to schema 6 prepares to move a
   * version of many files there, and the originals after it has.
   */
  readonly otherFiles?: VersionName;
  /**
   * Set while the stanzas of its files are made again in several transactions, because its metadata has changed. Differs
   * for each change.
   */
  readonly restating?: number;
}

/** The record of a claimed version, through which the sweep finds abandoned claims. */
export interface StoredClaim extends PackageRef {
  /** The id of the claimed version. */
  readonly id: number;
  readonly version: VersionName;
}
