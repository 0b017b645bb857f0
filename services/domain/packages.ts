/** The package model shared by every format. Times are milliseconds since the epoch, sizes bytes. */
import type { BlobDigests, ContentDigest, Digests } from './digests.ts';
import type { FileIdentity, FileName, PackageName, TagName, VersionName } from './names.ts';
import type { StanzaPosition } from './repository-index.ts';

/**
 * The status of a package in GitLab's API. `default` and `deprecated` can be installed, `hidden` only by its
 * address.
 */
export const packageStatuses = [
  'default',
  'hidden',
  'processing',
  'error',
  'deprecated',
  'pending_destruction',
] as const;
/** See `packageStatuses`. */
export type PackageStatus = (typeof packageStatuses)[number];

/** Whether a version appears in indexes, from which clients choose. */
export function isListed({ status }: Pick<Version, 'status'>): boolean {
  return status === 'default' || status === 'deprecated';
}

/** Whether a version can be downloaded by its address. Unfinished, broken and removed versions can't. */
export function isServed(version: Pick<Version, 'status'>): boolean {
  return isListed(version) || version.status === 'hidden';
}

/** Bytes in the blob store to which no record refers yet. */
export interface StagedBytes {
  readonly storageKey: string;
  readonly size: number;
  readonly digests: BlobDigests;
}

/** A staged file. */
export interface StagedBlob extends StagedBytes {
  readonly digests: Digests;
}

/**
 * Bytes that a package holds by their digest, apart from the files of its versions: layers of images, for example.
 * Versions use them.
 */
export interface PackageBlob {
  readonly digest: ContentDigest;
  readonly digests: BlobDigests;
  readonly size: number;
  readonly storageKey: string;
  readonly createdAt: number;
}

/** Identifies a package by project, format and name. The format has already normalized `name`. */
export interface PackageRef {
  readonly projectId: number;
  readonly format: string;
  readonly name: PackageName;
}

/** The head of a package. It counts changes, so that a rendered index can be checked for being current. */
export interface PackageHead extends PackageRef {
  readonly revision: number;
  readonly versionCount: number;
  readonly updatedAt: number;
  /**
   * Since when the project has held the name; a name that it gives up and publishes again counts from then.
   * Absent for packages that the upgrade has not reached yet, which are older than all others.
   */
  readonly heldSince?: number;
}

/** A version of a package. `metadata` is defined by the format; `readMetadata` validates it. */
export interface Version<M = unknown> extends PackageRef {
  readonly id: number;
  /** The name as written by its publisher, if it differs from the normalized name. */
  readonly displayName?: string;
  /** Normalized by the format: versions that its clients take for equal have one text. */
  readonly version: VersionName;
  /** The version as written by the publisher of its first file, if it differs from the normalized one. */
  readonly displayVersion?: VersionName;
  readonly status: PackageStatus;
  readonly metadata: M;
  /** The layout of the stored metadata (`MetadataType`); absent is 1. */
  readonly layout?: number;
  readonly creatorId: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Whether it stays out of the lists of packages (`FormatRules.projectOnly`). */
  readonly apart?: true;
  /** The version that it describes, which may not exist. */
  readonly subject?: VersionName;
  /** Whether another version has ever used it. */
  readonly used?: true;
}

/** Returns a version as users see it. */
export function shownVersion({
  displayVersion,
  version,
}: Pick<Version, 'displayVersion' | 'version'>): VersionName {
  return displayVersion ?? version;
}

/** A file of a version. `metadata` is defined by the format and specific to the file; most formats do not use it. */
export interface PackageFile<F = unknown> {
  readonly id: number;
  readonly versionId: number;
  readonly version: VersionName;
  readonly fileName: FileName;
  /** Identifies the file within its version, regardless of its name. Absent if the name does. */
  readonly identity?: FileIdentity;
  readonly contentType: string;
  readonly size: number;
  readonly digests: Digests;
  readonly storageKey: string;
  readonly createdAt: number;
  readonly metadata?: F;
  /** The layout of the stored metadata; 1 if absent. */
  readonly layout?: number;
  /** A name by which clients request the file without knowing its package, such as the key of debug symbols. */
  readonly alias?: string;
  /** The file's stanzas in indexes over all packages of the project. */
  readonly stanzas?: readonly StanzaPosition[];
  /**
   * The name of the file to which this one belongs, such as a signature to what it signs. It is removed together
   * with it.
   */
  readonly partOf?: FileName;
}

/** How a file is found in a version: by its name, and by its identity if that differs from the name. */
export interface FileInVersion extends Pick<PackageFile, 'fileName' | 'identity'> {
  /** Its identity in a version that the upgrade to schema 6 has not normalized yet, if it had another one there. */
  readonly formerIdentity?: FileIdentity;
}

/** The identity of a file within its version: files with the same identity replace each other. */
export function identityOf(file: Pick<PackageFile, 'fileName' | 'identity'>): FileIdentity {
  return file.identity ?? file.fileName;
}

/**
 * A package that another name of its project, its umbrella, describes in its index, as the index of a Maven group has
 * the group's plugins. `metadata` is what the umbrella's index says about it, and is defined by the format.
 */
export interface Subpackage<M = unknown> {
  readonly name: PackageName;
  readonly metadata: M;
}

/** The umbrella of a subpackage: a name other than the subpackage's own, and what its index says about it. */
export interface Umbrella<M = unknown> {
  readonly name: PackageName;
  readonly metadata: M;
}

/** A movable name of a version. */
export interface Tag {
  readonly tag: TagName;
  readonly version: VersionName;
  readonly createdAt: number;
  readonly updatedAt: number;
}
