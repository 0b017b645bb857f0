import type { RegistryEvent } from '../domain/events.ts';
import { emptyDeletedProjects } from '../registry/accounts/delete-project.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/maintenance/collect/sweep-blobs.ts';
import { within } from './within.ts';

/** Events after which there may be something to sweep. */
const freeing = new Set<RegistryEvent['type']>(['package_deleted', 'package_file_deleted']);

/** How long cleaning up after one event may take, in milliseconds: a queue brings an event again that takes longer. */
const PATIENCE = 20_000;

/**
 * What follows from an event: what a deleted project still holds is removed, and after any deletion the blobs whose
 * grace period is over. The scheduled sweep does the rest, and the same for those that become due later.
 */
export async function cleanUpAfter(
  registry: Registry,
  event: RegistryEvent,
  signal?: AbortSignal,
): Promise<void> {
  const soon = within(PATIENCE, signal);
  if (event.type === 'project_deleted') await emptyDeletedProjects(registry, soon);
  if (freeing.has(event.type)) await sweepBlobs(registry, soon);
}
