import type { RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { countDownloads } from '../registry/downloads/count-downloads.ts';

/** Counts the downloads that an event tells of. Delivered twice they are counted once, by the event's id. */
export async function countLoggedDownloads(
  registry: Registry,
  event: RegistryEvent | undefined,
): Promise<'done'> {
  if (event?.type === 'files_downloaded') {
    await countDownloads(registry, { id: event.id, downloads: event.details.downloads ?? [] });
  }
  return 'done';
}
