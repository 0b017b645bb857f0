import { LRUCache } from 'lru-cache';
import { type MetadataType, readableMetadata } from '../../domain/metadata.ts';
import type { PackageRef, Subpackage, Version } from '../../domain/packages.ts';
import type { Log, LogFields } from '../../ports/log.ts';
import type { Registry } from '../context.ts';

/** What has already been logged, by log. A process logs each version or subpackage only once, and remembers the last `MAX_LOGGED`. */
const logged = new WeakMap<Log, LRUCache<string, true>>();
const MAX_LOGGED = 1000;

/**
 * Checks the metadata of a stored version, and returns the version with metadata in the current layout. If the
 * metadata is unreadable, logs it and returns undefined. So a damaged version, or one that a later version of Packhouse
 * wrote, is missing where its metadata is needed, but breaks nothing else. Its files can still be downloaded, since
 * downloads do not call this.
 *
 * Every version is checked, even if this version of Packhouse wrote it. For an index of 500 versions, this takes 0.07 ms for
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
    logVersion(log, version);
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

/** Returns the subpackages of a name whose metadata is readable, with metadata in the current layout. */
export function readableSubpackages<M>(
  { log }: Pick<Registry, 'log'>,
  { projectId, format, name }: PackageRef,
  subpackages: readonly Subpackage[],
  type: MetadataType<M>,
): Subpackage<M>[] {
  return subpackages.flatMap((subpackage) => {
    const metadata = readableMetadata(type, subpackage);
    if (metadata !== undefined) return { name: subpackage.name, metadata };
    const fields = { project: projectId, format, package: name, subpackage: subpackage.name };
    logOnce(log, JSON.stringify(fields), 'metadata of a subpackage not readable', fields);
    return [];
  });
}

function logVersion(
  log: Log,
  { id, projectId, format, name, version, layout = 1, updatedAt }: Version,
): void {
  const fields = { project: projectId, format, package: name, version, layout };
  logOnce(log, `${projectId}/${id}/${updatedAt}`, 'metadata of a version not readable', fields);
}

/** Logs unreadable metadata, without the reason: it may quote published content. */
function logOnce(log: Log, key: string, message: string, fields: LogFields): void {
  const known = logged.get(log) ?? new LRUCache<string, true>({ max: MAX_LOGGED });
  logged.set(log, known);
  if (known.has(key)) return;
  known.set(key, true);
  log.error(message, fields);
}
