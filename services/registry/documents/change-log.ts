/** The change log of a package: one entry per revision, with the versions that it changed. */

import { randomUUID } from 'node:crypto';
import type { VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { TableReader } from '../../ports/table.ts';
import { entityOf } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';

/** One step of a package's revision. */
export interface Change {
  /** Sorts by the time the step was prepared; steps may be committed in a different order. */
  readonly id: string;
  /** The versions that it changed; empty if only tags or subpackages changed. */
  readonly versions: readonly VersionName[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Lifetime of an entry, in seconds. An index that is further behind is rebuilt from all versions. */
const LIFE = 7 * 24 * 3600;

/** The most entries that are read, newest first. An index that is further behind is rebuilt from all versions. */
export const MAX_CHANGES = 300;

/** Extra entries to read, since others may have been committed in the meantime. */
const SPARE = 8;

/** Counts the entries of this process, which keeps those of the same millisecond in order. */
let prepared = 0;

/** Returns an entry for a step that is about to be committed. `now` is in milliseconds. */
export function newChange(versions: readonly VersionName[], now: number): Change {
  const time = now.toString(36).padStart(9, '0');
  const number = (prepared++ % 36 ** 6).toString(36).padStart(6, '0');
  const id = `${time}-${number}-${randomUUID().slice(0, 8)}`;
  return { id, versions: [...new Set(versions)], expiresAt: Math.floor(now / 1000) + LIFE };
}

/** Returns the newest entries of a package, enough to include `steps` missing ones. */
export async function recentChanges(
  table: TableReader,
  ref: PackageRef,
  steps = MAX_CHANGES,
): Promise<Change[]> {
  const limit = Math.min(steps + SPARE, MAX_CHANGES);
  const { items } = await table.query({ ...ranges.changes(ref), reverse: true, limit });
  return items.map((item) => entityOf<Change>(item));
}

/** Returns the ids to remember as applied. Older ones can be forgotten: no later read of the log returns them. */
export function remembered(ids: Iterable<string>): string[] {
  return [...new Set(ids)].sort().slice(-MAX_CHANGES);
}
