import type { Project } from '../../../../domain/accounts.ts';
import type { FormatRules } from '../../../../domain/format-rules.ts';
import type { VersionName } from '../../../../domain/names.ts';
import type { PackageFile, PackageRef } from '../../../../domain/packages.ts';
import type { Condition, Item, Key } from '../../../../ports/table.ts';
import type { Registry } from '../../../context.ts';
import { maybeEntity, type StoredHead, type StoredVersion } from '../../../records/entities.ts';
import { keys, ranges } from '../../../records/keys.ts';
import { queryAll } from '../../../records/query-all.ts';
import { unchanged } from '../../../removal/remove-version.ts';
import type { RemovedVersion } from '../../../removal/removed.ts';

/** What a format says about versions with different texts that are equal. */
export interface Spelling {
  readonly normalizedVersion: NonNullable<FormatRules['normalizedVersion']>;
  readonly fileIdentity: FormatRules['fileIdentity'];
}

/** A stored version, present or removed, that moves from its own text to the normalized one. */
export interface VersionMove {
  readonly registry: Registry;
  readonly project: Project;
  readonly ref: PackageRef;
  readonly spelling: Spelling;
  readonly id: number;
  readonly from: VersionName;
  readonly to: VersionName;
}

/** The record of a version, present or removed. */
export interface VersionRecord {
  readonly key: Key;
  readonly version: StoredVersion;
  /** Set if it is removed. */
  readonly removed?: StoredVersion & RemovedVersion;
  /** Holds while the record is as it was read. */
  readonly unchanged: Condition;
}

/** A file as it is stored. */
export type FileItem = Item &
  Pick<
    PackageFile,
    'id' | 'versionId' | 'version' | 'fileName' | 'identity' | 'createdAt' | 'digests' | 'size' | 'storageKey'
  > & { readonly removedAt?: number };

/** What one transaction of a move is decided by. The head is read before the files, so its revision shows whether they have changed since. */
export interface MoveState {
  readonly head: StoredHead;
  readonly record: VersionRecord;
  /** The version that is stored under the normalized text, if any. */
  readonly target: StoredVersion | undefined;
  /** The files of the version under its own text. */
  readonly files: readonly FileItem[];
  /** All files under the normalized text, whatever version they belong to. */
  readonly there: readonly FileItem[];
}

/** Reads the record of a version under a text; undefined if it is gone, is being purged, or has another text. */
export async function readRecord(
  { registry, ref, id }: VersionMove,
  version: VersionName,
): Promise<VersionRecord | undefined> {
  const key = keys.version(ref, version);
  const items = await registry.table.getMany([key, keys.removedVersion(ref, id)]);
  return recordOf(items, id, version);
}

/** Reads what the next transaction of a move needs; undefined if the version is gone or has moved. */
export async function readState(move: VersionMove): Promise<MoveState | undefined> {
  const { registry, ref, id, from, to } = move;
  const [headItem, targetItem, ...items] = await registry.table.getMany([
    keys.head(ref),
    keys.version(ref, to),
    keys.version(ref, from),
    keys.removedVersion(ref, id),
  ]);
  const head = maybeEntity<StoredHead>(headItem);
  const record = recordOf(items, id, from);
  if (!head || !record) return undefined;
  const [files, there] = await Promise.all([
    readFiles(move, from),
    queryAll(registry.table, ranges.filesOf(ref, to)),
  ]);
  return {
    head,
    record,
    target: maybeEntity<StoredVersion>(targetItem),
    files,
    there: there as unknown as FileItem[],
  };
}

/** Reads the files of the version that are stored under a text. */
export async function readFiles(
  { registry, ref, id }: VersionMove,
  version: VersionName,
): Promise<FileItem[]> {
  const items = (await queryAll(registry.table, ranges.filesOf(ref, version))) as unknown as FileItem[];
  return items.filter(({ versionId }) => versionId === id);
}

function recordOf(
  [presentItem, removedItem]: readonly (Item | undefined)[],
  id: number,
  text: VersionName,
): VersionRecord | undefined {
  const version = maybeEntity<StoredVersion>(presentItem);
  if (presentItem && version?.id === id) {
    return { key: presentItem, version, unchanged: unchanged(version) };
  }
  const removed = maybeEntity<StoredVersion & RemovedVersion>(removedItem);
  if (!removedItem || removed?.version !== text || removed.purging) return undefined;
  const { removedAt, otherFiles } = removed;
  return {
    key: removedItem,
    version: removed,
    removed,
    unchanged: { equals: { id, version: text, removedAt, otherFiles, purging: undefined } },
  };
}
