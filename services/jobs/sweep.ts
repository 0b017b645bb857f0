import { emptyDeletedProjects } from '../registry/accounts/delete-project.ts';
import { STORED } from '../registry/blobs/storage-keys.ts';
import type { Registry } from '../registry/context.ts';
import { sweepBlobs } from '../registry/storage/sweep-blobs.ts';
import { sweepStrays } from '../registry/storage/sweep-strays.ts';
import { within } from './within.ts';

/** How long each part of a sweep may take, in milliseconds; the next sweep goes on from there. */
const PATIENCE = 5 * 60_000;

/**
 * The scheduled sweep: what deleted projects still hold, then blobs nothing refers to, then bytes no record knows, and
 * at last what is left of uploads whose process was killed. Answers whether it came to its end.
 */
export async function sweep(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  let finished = true;
  for (const part of [emptyDeletedProjects, sweepBlobs, sweepStrays, dropUnfinished]) {
    const soon = within(PATIENCE, signal);
    await part(registry, soon);
    finished &&= !soon.aborted;
  }
  return finished;
}

async function dropUnfinished({ blobs, clock, log, settings }: Registry): Promise<void> {
  const uploads = await blobs.dropUnfinished({ prefix: STORED, before: clock.now() - settings.blobGrace });
  if (uploads > 0) log.info('unfinished uploads removed', { uploads });
}
