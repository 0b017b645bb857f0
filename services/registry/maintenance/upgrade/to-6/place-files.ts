import type { FileIdentity } from '../../../../domain/names.ts';
import { identityOf } from '../../../../domain/packages.ts';
import type { Item, Key, Write } from '../../../../ports/table.ts';
import { keys } from '../../../records/keys.ts';
import { isOlderFile } from '../../../records/parse-keys.ts';
import type { FileItem, MoveState, VersionMove } from './version-move.ts';

/** Where a file of a moving version goes. */
export interface Placement {
  readonly file: FileItem;
  /** The file as it is stored under the normalized text. */
  readonly placed: FileItem;
  /** A file of a removed version that is in the way, and becomes an older copy. */
  readonly displaced: FileItem | undefined;
  /** Whether the file has been copied there already. */
  readonly copied: boolean;
}

/**
 * Finds the place of each file under the normalized text. A current file stays current: under its identity or, if a file of
 * an equal version has the same, under its own name. If that has the same name as well, it becomes an older copy.
 */
export function placeFiles(
  move: VersionMove,
  { record, target, files, there }: Omit<MoveState, 'head'>,
): Placement[] {
  const { ref, id, to } = move;
  const copies = new Map(there.filter((file) => file.versionId === id).map((file) => [file.sk, file]));
  const taken = new Map(there.filter((file) => file.versionId !== id).map((file) => [file.sk, file]));
  // Files of removed versions give way to those of present ones, as in a publish.
  const isFree = ({ sk }: Key) => {
    const other = taken.get(sk);
    return !other || (!record.removed && other.versionId !== id && other.versionId !== target?.id);
  };
  // Older copies go with the current file of their identity.
  const identities = new Map<FileIdentity, FileIdentity>();

  function placeOf(file: FileItem): readonly [FileIdentity, Key] {
    const identity = identities.get(identityOf(file)) ?? identityBy(move, file);
    const older = keys.olderFile(ref, to, identity, file.id);
    if (isOlderFile(file)) return [identity, older];
    const current = keys.file(ref, to, identity);
    if (isFree(current)) return [identity, current];
    const own = keys.file(ref, to, file.fileName);
    const isOther = taken.get(current.sk)?.fileName !== file.fileName;
    return isOther && isFree(own) ? [file.fileName, own] : [identity, older];
  }

  return inOrder(files).map((file): Placement => {
    const [identity, key] = placeOf(file);
    identities.set(identityOf(file), identity);
    const { identity: _, ...facts } = file;
    const placed: FileItem = {
      ...facts,
      ...key,
      version: to,
      versionId: target && !record.removed ? target.id : id,
      // Stored if the format has another one for the name.
      ...(identityBy(move, file) !== file.fileName && { identity }),
    };
    const displaced = taken.get(key.sk);
    taken.set(key.sk, placed);
    return { file, placed, displaced, copied: copies.get(key.sk)?.id === file.id };
  });
}

/** Current files first, the newest of them first. */
function inOrder(files: readonly FileItem[]): readonly FileItem[] {
  return files.toSorted(
    (a, b) => Number(isOlderFile(a)) - Number(isOlderFile(b)) || b.createdAt - a.createdAt || b.id - a.id,
  );
}

function identityBy({ spelling }: VersionMove, file: FileItem): FileIdentity {
  return spelling.fileIdentity?.(file.fileName) ?? identityOf(file);
}

/** Returns the copies under the normalized text that do not match a file of the version, or no longer do. */
export function staleCopies(
  { id }: VersionMove,
  { there }: MoveState,
  placements: readonly Placement[],
): FileItem[] {
  const matched = new Set(placements.flatMap(({ placed, copied }) => (copied ? placed.sk : [])));
  return there.filter(({ versionId, sk }) => versionId === id && !matched.has(sk));
}

/** Returns the writes that store a file in its place. */
export function placementWrites({ ref }: VersionMove, { placed, displaced }: Placement): Write[] {
  if (!displaced) return [{ put: placed, when: { exists: false } }];
  const older = keys.olderFile(ref, displaced.version, identityOf(displaced), displaced.id);
  return [
    { put: placed, when: { equals: { id: displaced.id } } },
    { put: { ...displaced, ...older }, when: { exists: false } },
  ];
}

/** Returns the write that deletes a file from its key. */
export function deletion({ pk, sk, id, removedAt }: FileItem): Write {
  return { delete: { pk, sk }, when: { equals: { id, removedAt } } };
}

/** Returns an item without the attributes that put it into indexes, in which each item is once. */
export function outOfIndexes<T extends Item>(item: T): T {
  const { index1pk, index1sk, index2pk, index2sk, ...rest } = item;
  return rest as T;
}
