import { RegistryError } from '../../domain/errors.ts';
import type { MetadataType } from '../../domain/metadata.ts';
import type { TagName, VersionName } from '../../domain/names.ts';
import {
  isServed,
  type PackageHead,
  type PackageRef,
  type Tag,
  type Version,
} from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity, type PackagePointer, type StoredHead } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { readItems } from '../records/read-items.ts';
import { readMany } from '../records/read-many.ts';
import { readMetadata } from './read-metadata.ts';

/** A package, and the version to read, if known. */
export interface VersionRef extends PackageRef {
  readonly version: VersionName | undefined;
}

/**
 * Reads versions of any packages, in the given order; undefined for those that are missing, not served or
 * unreadable.
 */
export async function readVersions<M>(
  { table, log }: Pick<Registry, 'table' | 'log'>,
  refs: readonly VersionRef[],
  metadata: MetadataType<M>,
): Promise<(Version<M> | undefined)[]> {
  const keyOf = (ref: VersionRef) => (ref.version === undefined ? undefined : keys.version(ref, ref.version));
  const items = await readItems(
    table,
    refs.flatMap((ref) => keyOf(ref) ?? []),
  );
  return refs.map((ref) => {
    const key = keyOf(ref);
    const version = key && items.get<Version>(key);
    return version && isServed(version) ? readMetadata({ log }, version, metadata) : undefined;
  });
}

/** Reads the versions of rows of a list, in the same order; leaves out versions deleted in the meantime. */
export async function readVersionsOfRows(
  { table }: Pick<Registry, 'table'>,
  rows: readonly PackagePointer[],
): Promise<Version[]> {
  const items = await readMany(
    table,
    rows.map((row) => keys.version(row, row.version)),
  );
  return items.flatMap((item, index) => {
    const version = maybeEntity<Version>(item);
    return version?.id === rows[index]?.id && version ? [version] : [];
  });
}

/** Finds the version of a project with this id, whatever its status. */
export async function findVersionById(
  { table }: Pick<Registry, 'table'>,
  projectId: number,
  id: number,
): Promise<Version | undefined> {
  const pointer = maybeEntity<PackagePointer>(await table.get(keys.packageId(projectId, id)));
  return pointer && (await readVersionsOfRows({ table }, [pointer]))[0];
}

/** Reads the heads of packages, in the given order; undefined for missing packages. */
export async function readHeads(
  { table }: Pick<Registry, 'table'>,
  refs: readonly PackageRef[],
): Promise<(PackageHead | undefined)[]> {
  const headKeys = refs.map((ref) => keys.head(ref));
  const items = await readItems(table, headKeys);
  return headKeys.map((key) => {
    const head = items.get<StoredHead>(key);
    return head?.live ? head : undefined;
  });
}

/** Reads the version of a tag in each package; undefined for packages without the tag. */
export async function readTag(
  { table }: Pick<Registry, 'table'>,
  refs: readonly PackageRef[],
  tag: TagName,
): Promise<(VersionName | undefined)[]> {
  const tagKeys = refs.map((ref) => keys.tag(ref, tag));
  const items = await readItems(table, tagKeys);
  return tagKeys.map((key) => items.get<Tag>(key)?.version);
}

/**
 * Reads all versions of a package, including those that are not served, and then its head. If the head still has a
 * revision that was read earlier, nothing has changed since, regardless of how long a client took to send its
 * changes.
 * @throws RegistryError `packageNotFound` if the package is gone
 */
export async function readAllVersions(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
): Promise<{ readonly head: PackageHead; readonly versions: readonly Version[] }> {
  const items = await queryAll(table, ranges.versions(ref));
  const head = maybeEntity<StoredHead>(await table.get(keys.head(ref)));
  if (!head?.live) throw new RegistryError('packageNotFound');
  return { head, versions: items.map((item) => entityOf<Version>(item)) };
}
