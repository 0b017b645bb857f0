/**
 * Removal that can be undone. A removed version, file or project leaves every read in one transaction, keeps its bytes,
 * and can be restored until it is due (`settings.retention` after its removal). Then a job purges it.
 *
 * A removed version moves to a key of its own (`REMOVED#<id>`), so that the version can be published again. Its files
 * stay where they are: a file counts only with the version whose id it names, and a new file of the identity pushes an
 * old one aside, to the key of an older copy.
 */
import type { Actor } from '../../domain/events.ts';
import {
  identityOf,
  type PackageFile,
  type PackageRef,
  type Tag,
  type Version,
} from '../../domain/packages.ts';
import type { Item, Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import type { Listing } from '../packages/listings.ts';
import { entityOf, itemOf } from '../records/entities.ts';
import { indexes, inIndex1, inIndex2, isOlderFile, keys, padId, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';

/** When something was removed, by whom, and from when on it may be purged. Times are milliseconds since the epoch. */
export interface Removal {
  readonly removedAt: number;
  readonly removedBy: { readonly kind: Actor['kind']; readonly id: number; readonly name: string };
  readonly purgeAt: number;
}

/** A version that was removed. */
export interface RemovedVersion<M = unknown> extends Version<M>, Removal {
  /** The tags that named it. */
  readonly tags: readonly Tag[];
  /** The name that listed its package, when it was the last version. */
  readonly listing?: Listing;
  /** Whether purging has begun: from then on it cannot be restored. */
  readonly purging?: true;
}

/** A file that was removed from a version that is still there. */
export interface RemovedFile extends PackageFile, Removal {}

/** The removal that happens now. */
export function removalBy(registry: Registry, { kind, id, name }: Actor): Removal {
  const now = registry.clock.now();
  return { removedAt: now, removedBy: { kind, id, name }, purgeAt: now + registry.settings.retention };
}

/** The item of a removed version: listed in its project, and in the order in which removed things are due. */
export function removedVersionItem(ref: PackageRef, removed: RemovedVersion): Item {
  return itemOf(keys.removedVersion(ref, removed.id), removed, removedIndexes(ref, 'version', removed));
}

/** The item of a removed file: an older copy of its identity that is listed among the removed things. */
export function removedFileItem(ref: PackageRef, removed: RemovedFile): Item {
  const key = keys.olderFile(ref, removed.version, identityOf(removed), removed.id);
  return itemOf(key, removed, removedIndexes(ref, 'file', removed));
}

function removedIndexes(
  ref: PackageRef,
  kind: 'version' | 'file',
  { id, removedAt, purgeAt }: Removal & { readonly id: number },
) {
  const name = `${kind}#${padId(id)}`;
  return {
    ...inIndex1(indexes.removedIn(ref.projectId).pk, `${new Date(removedAt).toISOString()}#${name}`),
    ...inIndex2(indexes.removed.pk, `${new Date(purgeAt).toISOString()}#${name}`),
  };
}

/** A stored file and its key. */
export interface StoredFile {
  readonly key: Key;
  readonly file: PackageFile & Partial<Removal>;
  /** Whether it is the file of its identity, and not an older copy. */
  readonly current: boolean;
}

/** The stored files that belong to the version with this id, older copies and removed ones included. */
export async function filesOfVersion(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
  { version, id }: Pick<Version, 'version' | 'id'>,
): Promise<StoredFile[]> {
  const items = await queryAll(table, ranges.filesOf(ref, version));
  return items
    .map((item): StoredFile => {
      const { pk, sk } = item;
      return { key: { pk, sk }, file: entityOf<PackageFile>(item), current: !isOlderFile({ pk, sk }) };
    })
    .filter(({ file }) => file.versionId === id);
}
