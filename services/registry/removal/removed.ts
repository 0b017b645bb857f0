/**
 * Removal that can be undone. One transaction hides a removed version, file or project from every read. It keeps
 * its bytes and can be restored until it is due (`settings.retention` after its removal). Then a job purges it.
 *
 * A removed version moves to a separate key (`REMOVED#<id>`), so that the version can be published again. Its
 * files keep their keys: a file belongs only to the version whose id it contains, and publishing a file with the
 * same identity moves the old one to the key of an older copy.
 */
import type { Actor } from '../../domain/events.ts';
import {
  identityOf,
  type PackageFile,
  type PackageRef,
  type Tag,
  type Umbrella,
  type Version,
} from '../../domain/packages.ts';
import type { Item, Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf, itemOf, type RemovedBy, storedAs } from '../records/entities.ts';
import { indexes, inIndex1, inIndex2, keys, padId, ranges } from '../records/keys.ts';
import { isOlderFile } from '../records/parse-keys.ts';
import { queryPages } from '../records/query-all.ts';

/** When something was removed, by whom, and when it may be purged. Times are milliseconds since the epoch. */
export interface Removal {
  readonly removedAt: number;
  readonly removedBy: RemovedBy;
  readonly purgeAt: number;
}

/** A version that was removed. */
export interface RemovedVersion<M = unknown> extends Version<M>, Removal {
  /** Tags that pointed to it; further ones have items of their own (`removed-tags.ts`). */
  readonly tags: readonly Tag[];
  /** The umbrella of its package, which is the umbrella again after a restore, unless there is another by then. */
  readonly [storedAs.umbrella]?: Umbrella;
  /**
   * Set if it was removed together with the package: when that began, in milliseconds since the epoch. All versions of one
   * removal have the same.
   */
  readonly withPackage?: number;
  /** Set once purging has begun: the version can no longer be restored. */
  readonly purging?: true;
}

/** A file that was removed from a version that still exists. */
export interface RemovedFile extends PackageFile, Removal {}

/** The facts of a removal that happens now. */
export function removalBy(registry: Registry, { kind, id, name }: Actor): Removal {
  const now = registry.clock.now();
  return { removedAt: now, removedBy: { kind, id, name }, purgeAt: now + registry.settings.retention };
}

/** The item of a removed version, indexed by its project and by the time at which it is due. */
export function removedVersionItem(ref: PackageRef, removed: RemovedVersion): Item {
  return itemOf(keys.removedVersion(ref, removed.id), removed, removedIndexes(ref, 'version', removed));
}

/** The item of a removed file: an older copy of its identity that is indexed as removed. */
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
  /** Whether it is the current file of its identity, not an older copy. */
  readonly current: boolean;
}

/**
 * Returns the copy of a file that was published last. Ids don't tell: each process takes them from its own blocks.
 */
export function newestOf<T extends Pick<PackageFile, 'id' | 'createdAt'>>(
  copies: readonly T[],
): T | undefined {
  return [...copies].sort((a, b) => a.createdAt - b.createdAt || a.id - b.id).at(-1);
}

/** The stored files that belong to the version with this id, including older copies and removed files. */
export async function filesOfVersion(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
  { version, id }: Pick<Version, 'version' | 'id'>,
): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for await (const file of walkFilesOfVersion({ table }, ref, { version, id })) files.push(file);
  return files;
}

/** Like `filesOfVersion`, read page by page in the order of their identities. */
export async function* walkFilesOfVersion(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
  { version, id }: Pick<Version, 'version' | 'id'>,
): AsyncGenerator<StoredFile> {
  for await (const items of queryPages(table, ranges.filesOf(ref, version))) {
    for (const item of items) {
      const file = storedFileOf(item, { id });
      if (file) yield file;
    }
  }
}

/** Returns the file of an item; undefined if it belongs to another version. */
export function storedFileOf(item: Item, { id }: Pick<Version, 'id'>): StoredFile | undefined {
  const { pk, sk } = item;
  const file = entityOf<PackageFile>(item);
  return file.versionId === id ? { key: { pk, sk }, file, current: !isOlderFile({ pk, sk }) } : undefined;
}
