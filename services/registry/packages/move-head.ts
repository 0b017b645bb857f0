import type { PackageRef } from '../../domain/packages.ts';
import type { Changes, Condition, Write } from '../../ports/table.ts';
import { newChange } from '../documents/change-log.ts';
import { itemOf } from '../records/entities.ts';
import { keys } from '../records/keys.ts';

/** How the head of a package changes with one transaction. */
export interface HeadMove {
  /** Every version whose facts, files or status the transaction changes; none for tags and listings. */
  readonly touched: readonly string[];
  readonly add?: { readonly versionCount?: number; readonly listedCount?: number };
  readonly set?: Changes['set'];
  readonly when: Condition;
}

/**
 * Moves a package's revision on by one, and logs which versions changed. Every transaction that changes what an index
 * may show contains these writes, once for each package: an index that is behind is brought up to date by the log. Heads
 * are never deleted, so a revision only grows, also when all versions are gone and the name is published again.
 */
export function moveHead(ref: PackageRef, now: number, { touched, add, set, when }: HeadMove): Write[] {
  const change = newChange(touched, now);
  return [
    { update: keys.head(ref), add: { revision: 1, ...add }, set: { updatedAt: now, ...set }, when },
    { put: itemOf(keys.change(ref, change.id), change) },
  ];
}
