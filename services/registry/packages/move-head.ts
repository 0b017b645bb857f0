import type { VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { Changes, Condition, Write } from '../../ports/table.ts';
import { newChange } from '../documents/change-log.ts';
import { itemOf, storedAs } from '../records/entities.ts';
import { keys } from '../records/keys.ts';

/** The change of a package's head in one transaction. */
export interface HeadMove {
  /** All versions whose facts, files or status the transaction changes; empty for tags and subpackages. */
  readonly touched: readonly VersionName[];
  readonly add?: { readonly versionCount?: number; readonly [storedAs.subpackageCount]?: number };
  readonly set?: Changes['set'];
  readonly when: Condition;
}

/**
 * Increments a package's revision, and logs which versions changed. Every transaction that changes what an index
 * may show contains these writes, once per package: the log is used to update indexes. Heads are never deleted, so
 * a revision only grows, even if all versions are removed and the name is published again.
 */
export function moveHead(ref: PackageRef, now: number, { touched, add, set, when }: HeadMove): Write[] {
  const change = newChange(touched, now);
  return [
    { update: keys.head(ref), add: { revision: 1, ...add }, set: { updatedAt: now, ...set }, when },
    { put: itemOf(keys.change(ref, change.id), change) },
  ];
}
