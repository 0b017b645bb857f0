import { purgeProjects } from '../registry/accounts/remove-project.ts';
import { STORED } from '../registry/blobs/storage-keys.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/maintenance/collect/sweep-blobs.ts';
import { sweepClaims } from '../registry/maintenance/collect/sweep-claims.ts';
import { sweepOrphans } from '../registry/maintenance/collect/sweep-orphans.ts';
import { upgradeData } from '../registry/maintenance/upgrade/upgrade-data.ts';
import { purgeDue } from '../registry/removal/purge.ts';

/** How long each part of a sweep may take, in milliseconds; the next sweep goes on from there. */
const PATIENCE = 5 * 60_000;

/**
 * The scheduled sweep: records of an older schema, then removed packages and projects that are due, what publishes left that were killed half-way, then
 * blobs nothing refers to, then bytes no record knows, and at last what is left of uploads whose process was killed. Each
 * part runs, whatever became of those before it.
 * Answers whether it came to its end; throws when a part has failed.
 */
export async function sweep(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  let finished = true;
  const failures: unknown[] = [];
  for (const part of [
    upgradeData,
    purgeDue,
    purgeProjects,
    sweepClaims,
    sweepBlobs,
    sweepOrphans,
    dropUnfinished,
  ]) {
    const soon = within(PATIENCE, signal);
    try {
      await part(registry, soon);
    } catch (error) {
      failures.push(error);
    }
    finished &&= !soon.aborted;
  }
  const [first, ...others] = failures;
  for (const error of others) registry.log.error('sweep failed', { error });
  if (failures.length > 0) throw first;
  return finished;
}

/** A signal that is aborted after so many milliseconds, or with another one. */
export function within(milliseconds: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(milliseconds);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

async function dropUnfinished({ blobs, clock, log, settings }: Registry): Promise<void> {
  const uploads = await blobs.dropUnfinished({ prefix: STORED, before: clock.now() - settings.blobGrace });
  if (uploads > 0) log.info('unfinished uploads removed', { uploads });
}
