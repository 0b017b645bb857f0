import { setTimeout as delay } from 'node:timers/promises';
import type { RegistryEvent } from '../domain/events.ts';
import type { Registry } from '../registry/context.ts';
import { buildIndex, type IndexedRules } from '../registry/indexes/build-index.ts';
import { listIndexes } from '../registry/indexes/project-indexes.ts';

/** How long a builder of another process is left alone before this one looks again, in milliseconds. */
const LOOK_AGAIN = 1_000;

/** Builds the indexes over all packages that an event may have left behind, so that readers need not. */
export async function buildIndexes(
  registry: Registry,
  event: RegistryEvent | undefined,
  signal: AbortSignal,
): Promise<'done' | 'unfinished'> {
  if (!event?.projectId) return 'done';
  const rules = (await registry.formats()).find(({ id }) => id === event.format);
  if (!rules?.index) return 'done';
  try {
    await buildRepositoryIndexes(registry, { ...rules, index: rules.index }, event.projectId, signal);
    return 'done';
  } catch (error) {
    if (signal.aborted) return 'unfinished';
    throw error;
  }
}

/**
 * Builds the indexes of a format over all packages of a project that are behind, until none is any more, whoever builds
 * them. Throws when `signal` is aborted before.
 */
export async function buildRepositoryIndexes(
  registry: Registry,
  rules: IndexedRules,
  projectId: number,
  signal: AbortSignal,
): Promise<void> {
  for (const ref of await listIndexes(registry, projectId, rules.id)) {
    for (;;) {
      signal.throwIfAborted();
      const outcome = await buildIndex(registry, rules, ref, { signal });
      if (outcome === 'current') break;
      if (outcome === 'busy') await delay(LOOK_AGAIN, undefined, { signal });
    }
  }
}
