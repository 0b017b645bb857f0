/** The package model shared by every format. Times are milliseconds since the epoch, sizes bytes. */
import type { Digests } from './digests.ts';

import type { StanzaPlace } from './repository-index.ts';

/** What GitLab's API calls the status of a package; `default` and `deprecated` can be installed, `hidden` by address. */
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

/** Whether clients are told of a version and choose it by themselves. */
export function isListed({ status }: Pick<Version, 'status'>): boolean {
  return status === 'default' || status === 'deprecated';
}

/** Whether a version can be downloaded by its address. A version still being made, broken, or being removed cannot. */
export function isServed(version: Pick<Version, 'status'>): boolean {
  return isListed(version) || version.status === 'hidden';
}

/** Bytes in the blob store that no transaction refers to yet. */
export interface StagedBlob {
  readonly storageKey: string;
  readonly size: number;
  readonly digests: Digests;
}

/** Names a package: a name of a format in a project. `name` is already normalised by the format. */
export interface PackageRef {
  readonly projectId: number;
  readonly format: string;
  readonly name: string;
}

/** The head of a package: counts every change of it, so that a rendered index can be checked against it. */
export interface PackageHead extends PackageRef {
  readonly revision: number;
  readonly versionCount: number;
  /** How many other packages this name lists; most formats have no such names. */
  readonly listedCount?: number;
  /** The name that lists this package. */
  readonly listedBy?: string;
  readonly updatedAt: number;
}

/** A version of a package. `metadata` is the format's own; `readMetadata` checks it. */
export interface Version<M = unknown> extends PackageRef {
  readonly id: number;
  /** The name as its publisher writes it, where that is not the normalised one. */
  readonly displayName?: string;
  readonly version: string;
  readonly status: PackageStatus;
  readonly metadata: M;
  /** The layout of the stored metadata (`MetadataType`); absent is 1. */
  readonly layout?: number;
  readonly creatorId: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A file of a version. `metadata` is the format's own, of this file alone; most formats have none. */
export interface PackageFile<F = unknown> {
  readonly id: number;
  readonly versionId: number;
  readonly version: string;
  readonly fileName: string;
  /** What a version has only one file of, whatever the file's name: absent where that is the name. */
  readonly identity?: string;
  readonly contentType: string;
  readonly size: number;
  readonly digests: Digests;
  readonly storageKey: string;
  readonly createdAt: number;
  readonly metadata?: F;
  /** The layout of the stored metadata; absent is 1. */
  readonly layout?: number;
  /** A name by which the file is asked for where its package is not known, such as the key of debug symbols. */
  readonly alias?: string;
  /** Where indexes over all packages of the project tell of the file. */
  readonly stanzas?: readonly StanzaPlace[];
  /** The name of the file that this one only says something about, such as a signature; it goes when that goes. */
  readonly partOf?: string;
}

/** What tells the files of a version apart: two files with one identity replace each other. */
export function identityOf(file: Pick<PackageFile, 'fileName' | 'identity'>): string {
  return file.identity ?? file.fileName;
}

/** A package that another name lists, such as a Maven plugin its group. `metadata` is the format's own. */
export interface ListedPackage<L = unknown> {
  readonly name: string;
  readonly metadata: L;
}

/** A movable name of a version. */
export interface Tag {
  readonly tag: string;
  readonly version: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}
