/** The log of a package: one entry for each step of its revision, which says what that step changed. */
import { randomUUID } from 'node:crypto';
import type { PackageRef } from '../../domain/packages.ts';
import type { TableReader } from '../../ports/table.ts';
import { entityOf } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';

/** One step of a package's revision. */
export interface Change {
  /** Sorts by the time at which the step was prepared; steps may be committed in another order. */
  readonly id: string;
  /** The versions it changed; none when only tags or listed packages changed. */
  readonly versions: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** How long an entry is kept, in seconds. An index that is further behind is made anew. */
const LIFE = 7 * 24 * 3600;

/** How many entries, from the newest, are looked at. An index that is further behind is made anew. */
export const MAX_CHANGES = 300;

/** Entries read beyond those that are missing: others may have been committed meanwhile. */
const SPARE = 8;

/** Numbers the entries of this process: those of one millisecond are in order too. */
let prepared = 0;

/** An entry for a step that is about to be committed. `now` is in milliseconds. */
export function newChange(versions: readonly string[], now: number): Change {
  const time = now.toString(36).padStart(9, '0');
  const number = (prepared++ % 36 ** 6).toString(36).padStart(6, '0');
  const id = `${time}-${number}-${randomUUID().slice(0, 8)}`;
  return { id, versions: [...new Set(versions)], expiresAt: Math.floor(now / 1000) + LIFE };
}

/** The newest entries of a package, enough to hold `steps` that are missing. */
export async function recentChanges(
  table: TableReader,
  ref: PackageRef,
  steps = MAX_CHANGES,
): Promise<Change[]> {
  const limit = Math.min(steps + SPARE, MAX_CHANGES);
  const { items } = await table.query({ ...ranges.changes(ref), reverse: true, limit });
  return items.map((item) => entityOf<Change>(item));
}

/** The ids to remember as applied: no later look at the log finds an older one that was committed before. */
export function remembered(ids: Iterable<string>): string[] {
  return [...new Set(ids)].sort().slice(-MAX_CHANGES);
}
