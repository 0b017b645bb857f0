import { emptyDeletedProjects } from '../registry/accounts/delete-project.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/sweep-blobs.ts';
import { sweepStrays } from '../registry/sweep-strays.ts';

/** How long each part of a sweep may take, in milliseconds; the next sweep goes on from there. */
const PATIENCE = 5 * 60_000;

/** The scheduled sweep: what deleted projects still hold, then blobs nothing refers to, then bytes no record knows. */
export async function sweep(registry: Registry, signal?: AbortSignal): Promise<void> {
  await emptyDeletedProjects(registry);
  await sweepBlobs(registry, within(PATIENCE, signal));
  await sweepStrays(registry, within(PATIENCE, signal));
}

function within(milliseconds: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(milliseconds);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}
