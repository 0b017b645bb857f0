import type { Sha256 } from '../../domain/digests.ts';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';

/** The kinds of inconsistency between files, records and stored bytes, described for administrators. */
export const blobProblemKinds = {
  missing: 'the bytes of a record are not in the store',
  'wrong-size': 'stored bytes do not have the size in their record',
  'wrong-digest': 'stored bytes do not have the digest in their record',
  unreadable: 'the store has the bytes but fails to read them',
  'no-record': 'files refer to a blob that has no record',
  'wrong-key': 'a file and its record name different storage keys',
  'wrong-count': 'a record counts more or fewer files than refer to it',
  orphaned: 'stored bytes that no record refers to; the sweep removes them',
} as const;

/** All kinds of problems, described for administrators, in the order in which reports show them. */
export const problemKinds = {
  ...blobProblemKinds,
  'unreadable-metadata':
    'metadata is damaged, or a newer version of Packhouse wrote it; indexes leave out what it belongs to',
} as const;

/** See `problemKinds`. */
export type ProblemKind = keyof typeof problemKinds;

/** A problem with a blob that a check or a migration found. */
export interface BlobProblem {
  readonly kind: keyof typeof blobProblemKinds;
  readonly sha256: Sha256 | undefined;
  readonly storageKey: string;
  /** What was found, if the kind alone does not tell. */
  readonly detail: string;
  /** Some of the files that refer to the blob. */
  readonly files: readonly string[];
}

/** Stored metadata of a version, a file or a subpackage that its format can't read. */
export interface MetadataProblem {
  readonly kind: 'unreadable-metadata';
  /** The full path of the project. */
  readonly project: string;
  readonly format: string;
  readonly package: string;
  /** Absent for the metadata of a subpackage. */
  readonly version?: string;
  /** The name of the file; absent for the metadata of the version itself. */
  readonly file?: string;
  /** The subpackage, whose metadata is that of the package's index about it. */
  readonly subpackage?: string;
  /** Why the metadata can't be read. */
  readonly detail: string;
}

/** A problem that a check found. */
export type Problem = BlobProblem | MetadataProblem;

/** A number of blobs, and their total size in bytes. */
export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** No blobs. */
export const nothing: Amount = { blobs: 0, bytes: 0 };

/** Adds one blob to an amount. */
export function plusBlob(amount: Amount, bytes: number): Amount {
  return { blobs: amount.blobs + 1, bytes: amount.bytes + bytes };
}

/** Returns a problem whose files are not known yet. */
export function problemOf(
  kind: BlobProblem['kind'],
  at: { readonly sha256?: Sha256 | undefined; readonly storageKey: string },
  detail = '',
): BlobProblem {
  return { kind, sha256: at.sha256, storageKey: at.storageKey, detail, files: [] };
}

/**
 * Returns the problem of an unreadable blob.
 * @throws StoreUnavailable if the store itself failed
 */
export function unreadable(
  at: { readonly sha256?: Sha256 | undefined; readonly storageKey: string },
  error: unknown,
): BlobProblem {
  if (error instanceof StoreUnavailable) throw error;
  return problemOf('unreadable', at, error instanceof Error ? error.message : String(error));
}
