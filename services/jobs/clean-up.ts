import type { RegistryEvent } from '../domain/events.ts';
import { purgeProjects } from '../registry/accounts/remove-project.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/maintenance/collect/sweep-blobs.ts';
import { sweep, within } from './sweep.ts';

/** How long the cleanup after one event may take, in milliseconds, so that others get their turn. */
const TURN = 20_000;

/**
 * After an event, purges removed projects that are due or removes the blobs whose grace period is over; on schedule, sweeps
 * everything.
 */
export async function cleanUp(
  registry: Registry,
  event: RegistryEvent | undefined,
  signal?: AbortSignal,
): Promise<'done' | 'unfinished'> {
  if (!event) return (await sweep(registry, signal)) ? 'done' : 'unfinished';
  const soon = within(TURN, signal);
  if (event.type === 'project_deleted') await purgeProjects(registry, soon);
  else await sweepBlobs(registry, soon);
  return soon.aborted ? 'unfinished' : 'done';
}
