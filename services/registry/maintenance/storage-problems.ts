import type { Sha256 } from '../../domain/digests.ts';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';

/** What can be wrong between files, records and stored bytes, in words for who runs the registry. */
export const problemKinds = {
  missing: 'bytes that a record speaks of are not in the store',
  'wrong-size': 'stored bytes are not as many as their record says',
  'wrong-digest': 'stored bytes are not those their record speaks of',
  unreadable: 'the store has the bytes and fails to read them',
  'no-record': 'files refer to a blob that has no record',
  'wrong-place': 'files and record name different places of the bytes',
  'wrong-count': 'a record counts more or fewer files than refer to it',
  orphaned: 'stored bytes that no record knows; the sweep removes them',
} as const;

/** See `problemKinds`. */
export type ProblemKind = keyof typeof problemKinds;

/** Something that is wrong. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly sha256: Sha256 | undefined;
  readonly storageKey: string;
  /** What was found, where the kind does not say it all. */
  readonly detail: string;
  /** Some of the files that refer to the blob. */
  readonly files: readonly string[];
}

/** Blobs and their bytes. */
export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** No blobs at all. */
export const nothing: Amount = { blobs: 0, bytes: 0 };

/** An amount with one blob more. */
export function plusBlob(amount: Amount, bytes: number): Amount {
  return { blobs: amount.blobs + 1, bytes: amount.bytes + bytes };
}

/** A problem whose files are not known yet. */
export function problemOf(
  kind: ProblemKind,
  at: { readonly sha256?: Sha256 | undefined; readonly storageKey: string },
  detail = '',
): Problem {
  return { kind, sha256: at.sha256, storageKey: at.storageKey, detail, files: [] };
}

/** The problem of a blob that could not be read. Where it was the store that failed, its error is thrown. */
export function unreadable(
  at: { readonly sha256?: Sha256 | undefined; readonly storageKey: string },
  error: unknown,
): Problem {
  if (error instanceof StoreUnavailable) throw error;
  return problemOf('unreadable', at, error instanceof Error ? error.message : String(error));
}
