import { emptyDeletedProjects } from '../registry/accounts/delete-project.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs, sweepStrays } from '../registry/sweep-blobs.ts';

/** The scheduled sweep: what deleted projects still hold, then blobs nothing refers to, then bytes no record knows. */
export async function sweep(registry: Registry, signal?: AbortSignal): Promise<void> {
  await emptyDeletedProjects(registry);
  await sweepBlobs(registry, signal);
  await sweepStrays(registry, signal);
}
