import { LRUCache } from 'lru-cache';
import { type MetadataType, readableMetadata } from '../../domain/metadata.ts';
import type { Version } from '../../domain/packages.ts';
import type { Log } from '../../ports/log.ts';
import type { Registry } from '../context.ts';

/** Which versions were logged already, by the log. Each is logged once by a process, as long as these are not too many. */
const logged = new WeakMap<Log, LRUCache<string, true>>();
const MOST_LOGGED = 1000;

/**
 * A stored version with its metadata checked, in the current layout; undefined when it can't be read, which is logged. So
 * a damaged version, or one that a later release wrote, is missing where its metadata is needed, and takes nothing else
 * with it. Its files can still be downloaded, for which nobody calls this.
 *
 * Every version is checked, also those that this release wrote. For an index of 500 versions that takes 0.07 ms for npm
 * and 0.5 ms for NuGet, where reading, rendering and compressing them takes 5 and 11 ms (1.5 and 5 %). PyPI's page checks
 * only the field that it shows.
 */
export function readMetadata<M, V extends Version>(
  { log }: Pick<Registry, 'log'>,
  version: V,
  type: MetadataType<M>,
): (V & Version<M>) | undefined {
  const metadata = readableMetadata(type, version);
  if (metadata === undefined) {
    logOnce(log, version);
    return undefined;
  }
  if (metadata === version.metadata) return version as V & Version<M>;
  return { ...version, metadata, layout: type.layout };
}

/** Of some stored versions those whose metadata can be read. */
export function readableVersions<M>(
  registry: Pick<Registry, 'log'>,
  versions: readonly Version[],
  type: MetadataType<M>,
): Version<M>[] {
  return versions.flatMap((version) => readMetadata(registry, version, type) ?? []);
}

/** What is wrong with metadata stays out of the log, because it may quote what was published. */
function logOnce(log: Log, { id, projectId, format, name, version, layout = 1, updatedAt }: Version): void {
  const known = logged.get(log) ?? new LRUCache<string, true>({ max: MOST_LOGGED });
  logged.set(log, known);
  const key = `${projectId}/${id}/${updatedAt}`;
  if (known.has(key)) return;
  known.set(key, true);
  log.error('metadata of a version not readable', {
    project: projectId,
    format,
    package: name,
    version,
    layout,
  });
}
