import { LRUCache } from 'lru-cache';
import { type MetadataType, readableMetadata } from '../../domain/metadata.ts';
import type { Version } from '../../domain/packages.ts';
import type { Log } from '../../ports/log.ts';
import type { Registry } from '../context.ts';

/** The versions already logged, by log. A process logs each only once, and remembers the last `MAX_LOGGED`. */
const logged = new WeakMap<Log, LRUCache<string, true>>();
const MAX_LOGGED = 1000;

/**
 * Checks the metadata of a stored version, and returns the version with metadata in the current layout. If the
 * metadata is unreadable, logs it and returns undefined. So a damaged version, or one written by a later release,
 * is missing where its metadata is needed, but breaks nothing else. Its files can still be downloaded, since
 * downloads do not call this.
 *
 * Every version is checked, even if this release wrote it. For an index of 500 versions, this takes 0.07 ms for
 * npm and 0.5 ms for NuGet; reading, rendering and compressing takes 5 and 11 ms (1.5 and 5 %). PyPI's page checks
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

/** Returns the versions with readable metadata. */
export function readableVersions<M>(
  registry: Pick<Registry, 'log'>,
  versions: readonly Version[],
  type: MetadataType<M>,
): Version<M>[] {
  return versions.flatMap((version) => readMetadata(registry, version, type) ?? []);
}

/** Logs unreadable metadata, without the reason: it may quote published content. */
function logOnce(log: Log, { id, projectId, format, name, version, layout = 1, updatedAt }: Version): void {
  const known = logged.get(log) ?? new LRUCache<string, true>({ max: MAX_LOGGED });
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
