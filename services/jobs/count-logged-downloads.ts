import type { RegistryEvent } from '../domain/events.ts';
import { recordTokenUseById } from '../registry/accounts/token-uses.ts';
import type { Registry } from '../registry/context.ts';
import { countDownloads } from '../registry/downloads/count-downloads.ts';

/** Counts the downloads in an event, and records the uses of tokens. A redelivered event counts once, by its id. */
export async function countLoggedDownloads(
  registry: Registry,
  event: RegistryEvent | undefined,
): Promise<'done'> {
  if (event?.type === 'files_downloaded') {
    await countDownloads(registry, { id: event.id, downloads: event.details.downloads ?? [] });
    for (const { id, lastAt } of event.details.tokens ?? []) await recordTokenUseById(registry, id, lastAt);
  }
  return 'done';
}
