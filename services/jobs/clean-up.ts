import type { RegistryEvent } from '../domain/events.ts';
import { finishGroupRemovals } from '../registry/accounts/delete-group.ts';
import { purgeProjects } from '../registry/accounts/remove-project.ts';
import { settleGroups } from '../registry/accounts/settle-below.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/maintenance/collect/sweep-blobs.ts';
import { sweep, withTimeout } from './sweep.ts';

/** The time limit of the cleanup after one event, in milliseconds, so that other messages get their turn. */
export const EVENT_TIMEOUT = 20_000;

/**
 * After an event, finishes changes and deletions of groups, purges removed projects that are due, or deletes blobs whose grace period has ended. On
 * schedule, sweeps everything.
 */
export async function cleanUp(
  registry: Registry,
  event: RegistryEvent | undefined,
  signal?: AbortSignal,
): Promise<'done' | 'unfinished'> {
  if (!event) return (await sweep(registry, signal)) ? 'done' : 'unfinished';
  const deadline = withTimeout(EVENT_TIMEOUT, signal);
  if (event.type === 'group_changed') {
    return (await settleGroups(registry, deadline)) ? 'done' : 'unfinished';
  }
  if (event.type === 'group_removal_started') {
    return (await finishGroupRemovals(registry, deadline)) ? 'done' : 'unfinished';
  }
  if (event.type === 'project_deleted') {
    return (await purgeProjects(registry, deadline)) ? 'done' : 'unfinished';
  }
  await sweepBlobs(registry, deadline);
  return deadline.aborted ? 'unfinished' : 'done';
}
