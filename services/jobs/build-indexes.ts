import { setTimeout as delay } from 'node:timers/promises';
import type { RegistryEvent } from '../domain/events.ts';
import { parsePackageName, parseVersionName } from '../domain/names.ts';
import type { Registry } from '../registry/context.ts';
import { buildIndex, type IndexedRules } from '../registry/indexes/build-index.ts';
import { listIndexes } from '../registry/indexes/project-indexes.ts';
import { restateVersion } from '../registry/indexes/restate-files.ts';

/** The delay before checking again while another process builds, in milliseconds. */
const CHECK_AGAIN = 1_000;

/**
 * Builds the indexes that an event has made outdated, so that readers don't have to. Before that, finishes a change of the
 * version's metadata whose process was killed.
 */
export async function buildIndexes(
  registry: Registry,
  event: RegistryEvent | undefined,
  signal: AbortSignal,
): Promise<'done' | 'unfinished'> {
  if (!event?.projectId) return 'done';
  const rules = (await registry.formats()).find(({ id }) => id === event.format);
  if (!rules?.index) return 'done';
  const name = parsePackageName(event.name);
  const version = event.version === null ? undefined : parseVersionName(event.version);
  try {
    if (name && version) {
      const ref = { projectId: event.projectId, format: event.format, name };
      await restateVersion(registry, rules, ref, version, signal);
    }
    await buildRepositoryIndexes(registry, { ...rules, index: rules.index }, event.projectId, signal);
    return 'done';
  } catch (error) {
    if (signal.aborted) return 'unfinished';
    throw error;
  }
}

/**
 * Builds a format's outdated indexes over all packages of a project, until all are current, regardless of which
 * process builds them.
 * @throws the reason of `signal` when it is aborted before
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
      if (outcome === 'busy') await delay(CHECK_AGAIN, undefined, { signal });
    }
  }
}
