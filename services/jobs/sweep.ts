import { finishGroupRemovals } from '../registry/accounts/delete-group.ts';
import { purgeLastOwners } from '../registry/accounts/last-owners.ts';
import { purgeProjects } from '../registry/accounts/remove-project.ts';
import { purgeFormerPaths } from '../registry/accounts/reserved-paths.ts';
import { settleGroups } from '../registry/accounts/settle-below.ts';
import { STORED } from '../registry/blobs/storage-keys.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/maintenance/collect/sweep-blobs.ts';
import { sweepClaims } from '../registry/maintenance/collect/sweep-claims.ts';
import { sweepExpected } from '../registry/maintenance/collect/sweep-expected.ts';
import { sweepOrphans } from '../registry/maintenance/collect/sweep-orphans.ts';
import { upgradeData } from '../registry/maintenance/upgrade/upgrade-data.ts';
import { collectUnused } from '../registry/package-blobs/collect-unused.ts';
import { expireUploads } from '../registry/package-blobs/uploads.ts';
import { purgeDue } from '../registry/removal/purge.ts';

/** The time limit of each part of a sweep, in milliseconds; the next sweep continues from there. */
const PART_TIMEOUT = 5 * 60_000;

/**
 * The scheduled sweep: upgrades records of an older schema, finishes changes and deletions of groups, purges removed
 * packages and projects that are due and reservations of paths that are over, then deletes the remains of killed
 * publishes, digests of files that never came, abandoned uploads, blobs and untagged versions that are no longer used,
 * unreferenced blobs, orphaned blobs, and unfinished uploads of killed processes. Each part runs even if others fail.
 * Returns whether it finished.
 * @throws the first failure of a part
 */
export async function sweep(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  let finished = true;
  const failures: unknown[] = [];
  for (const part of [
    upgradeData,
    finishGroupRemovals,
    settleGroups,
    purgeDue,
    purgeProjects,
    purgeFormerPaths,
    purgeLastOwners,
    sweepClaims,
    sweepExpected,
    expireUploads,
    collectUnused,
    sweepBlobs,
    sweepOrphans,
    dropUnfinished,
  ]) {
    const deadline = withTimeout(PART_TIMEOUT, signal);
    try {
      if ((await part(registry, deadline)) === false) finished = false;
    } catch (error) {
      failures.push(error);
    }
    finished &&= !deadline.aborted;
  }
  const [first, ...others] = failures;
  for (const error of others) registry.log.error('sweep failed', { error });
  if (failures.length > 0) throw first;
  return finished;
}

/** A signal that is aborted after so many milliseconds, or together with another one. */
export function withTimeout(milliseconds: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(milliseconds);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

async function dropUnfinished({ blobs, clock, log, settings }: Registry): Promise<void> {
  const uploads = await blobs.dropUnfinished({ prefix: STORED, before: clock.now() - settings.blobGrace });
  if (uploads > 0) log.info('unfinished uploads deleted', { uploads });
}
