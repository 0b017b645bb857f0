import type { RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { buildIndex, type IndexedRules } from '../registry/indexes/build-index.ts';
import { listIndexes } from '../registry/indexes/project-indexes.ts';

/**
 * Builds the indexes over all packages that an event may have left behind, so that readers need not. Where another
 * process is building, that one or the next reader does it.
 */
export async function buildIndexes(
  registry: Registry,
  event: RegistryEvent | undefined,
  signal: AbortSignal,
): Promise<'done'> {
  if (!event?.projectId) return 'done';
  const rules = (await registry.formats()).find(({ id }) => id === event.format);
  if (rules?.index) {
    await buildRepositoryIndexes(registry, { ...rules, index: rules.index }, event.projectId, signal);
  }
  return 'done';
}

/** Builds the indexes of a format over all packages of a project that are behind. */
export async function buildRepositoryIndexes(
  registry: Registry,
  rules: IndexedRules,
  projectId: number,
  signal: AbortSignal,
): Promise<void> {
  for (const ref of await listIndexes(registry, projectId, rules.id)) {
    // What was published while it was built may have found this builder at work, and left the rest to it.
    while ((await buildIndex(registry, rules, ref, signal)) === 'built') signal.throwIfAborted();
  }
}
