import type { Digests, Sha256 } from '../../domain/digests.ts';
import type { PackageHead, PackageRef, PackageStatus, Version } from '../../domain/packages.ts';
import type { Item, Key, Value } from '../../ports/table.ts';

/** An entity as the attributes of an item. */
export function itemOf(key: Key, entity: object, extra: Partial<Item> = {}): Item {
  return { ...(entity as Record<string, Value>), ...extra, ...key };
}

/** The entity an item holds. What the registry wrote it trusts: the type is what `itemOf` was given. */
export function entityOf<T>(item: Item): T {
  return item as unknown as T;
}

/** The entity of an item without the item's key and its places in indexes, to be stored under another key. */
export function plainEntity<T extends object>(entity: T): T {
  const { pk, sk, index1pk, index1sk, index2pk, index2sk, ...rest } = entity as T & Record<string, unknown>;
  return rest as T;
}

/** The entity under a key that may be absent. */
export function maybeEntity<T>(item: Item | undefined): T | undefined {
  return item === undefined ? undefined : entityOf<T>(item);
}

/** A blob's item: where the bytes lie and how many files refer to them. */
export interface BlobRecord {
  readonly sha256: Sha256;
  readonly digests: Digests;
  readonly size: number;
  readonly storageKey: string;
  readonly refs: number;
  /** Since when nothing refers to it (milliseconds), or absent. */
  readonly unreferencedAt?: number;
}

/** The item under `PACKAGE#` in a project's partition: which version has an id, and what lists filter and sort by. */
export interface PackagePointer {
  readonly id: number;
  readonly projectId: number;
  readonly format: string;
  readonly name: string;
  readonly version: string;
  readonly status: PackageStatus;
  readonly createdAt: number;
}

/** A project that holds a package name, as the name index tells. */
export interface NameEntry {
  readonly projectId: number;
  readonly rootId: number;
  /** Namespaces of the project, root first. */
  readonly ancestors: readonly number[];
}

/** The same with the name it is about, in the indexes that hold many names. */
export interface NamedEntry extends NameEntry {
  readonly format: string;
  readonly name: string;
}

/** A stored head: `live` tells whether the name index lists the package: it has versions, or lists others. */
export interface StoredHead extends PackageHead {
  readonly live: boolean;
}

/**
 * A stored version: `additions` counts what came to it after it was made, such as files and tags. `claim` is there while
 * its files are still coming in: `open` for the publish whose files they are, `undoing` once it is being undone.
 * `updatedAt` is then the time of the last step.
 */
export interface StoredVersion<M = unknown> extends Version<M> {
  readonly additions?: number;
  /** Whether its format has indexes over all packages, which tell of its files. */
  readonly indexed?: boolean;
  readonly claim?: 'open' | 'undoing';
}

/** The item that says which version is claimed, so that the sweep finds claims that were abandoned. */
export interface StoredClaim extends PackageRef {
  /** The id of the claimed version. */
  readonly id: number;
  readonly version: string;
}
