import type { RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/sweep-blobs.ts';

/** Events after which there may be something to sweep. */
const freeing = new Set<RegistryEvent['type']>(['package_deleted', 'package_file_deleted']);

/**
 * What follows from an event: after a deletion, blobs whose grace period is over are removed. The scheduled sweep
 * does the same for those that become due later.
 */
export async function cleanUpAfter(registry: Registry, event: RegistryEvent): Promise<void> {
  if (freeing.has(event.type)) await sweepBlobs(registry);
}
