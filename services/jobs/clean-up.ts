import type { RegistryEvent } from '../domain/events.ts';
import { emptyDeletedProjects } from '../registry/accounts/delete-project.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/sweep-blobs.ts';

/** Events after which there may be something to sweep. */
const freeing = new Set<RegistryEvent['type']>(['package_deleted', 'package_file_deleted']);

/**
 * What follows from an event: what a deleted project still holds is removed, and after any deletion the blobs whose
 * grace period is over. The scheduled sweep does the same for those that become due later.
 */
export async function cleanUpAfter(registry: Registry, event: RegistryEvent): Promise<void> {
  if (event.type === 'project_deleted') await emptyDeletedProjects(registry);
  if (freeing.has(event.type)) await sweepBlobs(registry);
}
