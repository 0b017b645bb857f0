import { RegistryError } from '../../domain/errors.ts';
import type { PackageRef, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { tryWrite } from './purge.ts';
import { removeVersions, type VersionRemoval } from './remove-version.ts';
import { type Removal, type RemovedVersion, removalBy } from './removed.ts';
import { type Restoration, restoreVersion } from './restore.ts';

/** Which package to remove, and who removes it. */
export interface PackageRemoval extends Omit<VersionRemoval, 'version' | 'id'> {
  /** The versions that the package is known to have; by default, those that it has now. */
  readonly versions?: readonly Version[];
}

/**
 * Removes a package: all its versions, one transaction each, and then notes in the package when and by whom it was removed.
 * The versions can be restored together. A call after an interrupted one continues it. Returns how many versions were
 * removed.
 */
export async function removePackage(registry: Registry, input: PackageRemoval): Promise<number> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const { versions = await versionsOf(registry, ref), ...facts } = input;
  const earlier = lastRemoval(await removedVersions(registry, ref));
  // Only an interrupted removal has left versions that existed when it began.
  const interrupted = earlier !== undefined && versions.every(({ createdAt }) => createdAt < earlier);
  const since = interrupted ? earlier : registry.clock.now();
  const removed = await removeVersions(registry, facts, versions, since);
  await noteRemoval(registry, ref, { ...removalBy(registry, input.actor), removedAt: since });
  return removed;
}

/** Notes the removal in the head of the package, unless it has versions again. Its next publish or restore clears it. */
async function noteRemoval(
  registry: Registry,
  ref: PackageRef,
  { removedAt, removedBy }: Removal,
): Promise<void> {
  const when = { exists: true, equals: { live: undefined, removedAt: undefined } };
  await tryWrite(registry, { update: keys.head(ref), set: { removedAt, removedBy: { ...removedBy } }, when });
}

/**
 * Restores the versions that were removed with the package when it was last removed, except those that were published
 * again. Versions that were removed one by one stay removed. Returns how many were restored.
 */
export async function restorePackage(registry: Registry, input: Omit<Restoration, 'id'>): Promise<number> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const removed = await removedVersions(registry, ref);
  const last = lastRemoval(removed);
  let restored = 0;
  for (const { id, withPackage } of removed) {
    if (withPackage === undefined || withPackage !== last) continue;
    try {
      await restoreVersion(registry, { ...input, id });
      restored++;
    } catch (error) {
      if (!(error instanceof RegistryError && skipped.has(error.code))) throw error;
    }
  }
  return restored;
}

/** Errors that skip a version when a package is restored: it was published again, or purged in the meantime. */
const skipped: ReadonlySet<RegistryError['code']> = new Set(['conflict', 'packageNotFound']);

async function versionsOf({ table }: Registry, ref: PackageRef): Promise<readonly Version[]> {
  return (await queryAll(table, ranges.versions(ref))).map((item) => entityOf<Version>(item));
}

async function removedVersions({ table }: Registry, ref: PackageRef): Promise<readonly RemovedVersion[]> {
  const items = await queryAll(table, ranges.removedVersions(ref));
  return items
    .filter(({ removedAt }) => removedAt !== undefined)
    .map((item) => entityOf<RemovedVersion>(item));
}

/** When the package was last removed as a whole, as far as its removed versions show. */
function lastRemoval(removed: readonly RemovedVersion[]): number | undefined {
  const times = removed.flatMap(({ withPackage }) => withPackage ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}
