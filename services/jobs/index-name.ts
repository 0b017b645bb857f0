import type { RegistryEvent } from '../domain/events.ts';
import { parsePackageName } from '../domain/names.ts';
import type { Registry } from '../registry/context.ts';
import { refreshSearchWords } from '../registry/search/refresh-search-words.ts';

/** Updates the search words of a name that was added to or removed from lists and searches. */
export async function indexName(registry: Registry, event: RegistryEvent | undefined): Promise<'done'> {
  if (event?.type === 'name_added' || event?.type === 'name_removed') {
    const { projectId, format, name, details } = event;
    if (details.rootId === undefined) throw new Error('a name event without its root namespace');
    const parsed = parsePackageName(name);
    if (parsed) await refreshSearchWords(registry, { projectId, format, name: parsed }, details.rootId);
  }
  return 'done';
}
