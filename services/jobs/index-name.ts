import type { RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { refreshSearchWords } from '../registry/search/refresh-search-words.ts';

/** Makes searches find a name that has become known, and no longer find one that has gone. */
export async function indexName(registry: Registry, event: RegistryEvent | undefined): Promise<'done'> {
  if (event?.type === 'name_listed' || event?.type === 'name_unlisted') {
    const { projectId, format, name, details } = event;
    if (details.rootId === undefined) throw new Error('an event of a name without its root namespace');
    await refreshSearchWords(registry, { projectId, format, name }, details.rootId);
  }
  return 'done';
}
