import type { Write } from '../../../../ports/table.ts';
import { referenceBlobs } from '../../../blobs/reference-blobs.ts';
import { releaseBlobs } from '../../../blobs/release-blobs.ts';
import { moveHead } from '../../../packages/move-head.ts';
import { groupsOf, pointerItem, versionHolderItem } from '../../../packages/package-writes.ts';
import { itemOf, plainEntity, type StoredVersion } from '../../../records/entities.ts';
import { keys } from '../../../records/keys.ts';
import { readItems } from '../../../records/read-items.ts';
import { type RemovedVersion, removedVersionItem } from '../../../removal/removed.ts';
import { readmeMove, tagMoves } from './move-parts.ts';
import {
  deletion,
  outOfIndexes,
  type Placement,
  placeFiles,
  placementWrites,
  staleCopies,
} from './place-files.ts';
import { type FileItem, type MoveState, readFiles, readRecord, type VersionMove } from './version-move.ts';

/** How many files one transaction moves or copies, with up to three writes each. */
export const FILES_AT_ONCE = 25;

/**
 * Makes the next transaction that moves a version to its normalized text, which no present version has. The last one
 * moves the version together with the rest of its files. If they are too many for it, others are copied before: no
 * read shows the copies until the version has moved, nor the originals afterwards, because of `otherFiles`. Each copy
 * counts as a reference to its blob. Returns whether the version is still to be moved.
 */
export async function moveOnce(move: VersionMove, state: MoveState): Promise<boolean> {
  const placements = placeFiles(move, state);
  const stale = staleCopies(move, state, placements);
  if (stale.length > 0) {
    await dropFiles(move, state, stale);
    return true;
  }
  const rest = placements.filter(({ copied }) => !copied);
  const present = rest.filter(({ file }) => file.removedAt === undefined);
  if (present.length > FILES_AT_ONCE) {
    await copyFiles(move, state, present.slice(0, FILES_AT_ONCE));
    return true;
  }
  // Removed files, which no read shows, may follow later.
  const removed = rest.filter(({ file }) => file.removedAt !== undefined);
  const together = [...present, ...removed.slice(0, FILES_AT_ONCE - present.length)];
  await moveRecord(move, state, together, together.length < placements.length);
  return false;
}

/** Deletes copies, and the references to blobs that they count as. */
export async function dropFiles(
  { registry }: VersionMove,
  { record }: MoveState,
  files: MoveState['files'],
): Promise<void> {
  const some = files.slice(0, FILES_AT_ONCE);
  await registry.table.write([
    { check: record.key, when: record.unchanged },
    ...some.map(deletion),
    ...(await releaseBlobs(registry, some)),
  ]);
}

async function copyFiles(
  move: VersionMove,
  { record, head }: MoveState,
  placements: readonly Placement[],
): Promise<void> {
  const { registry, ref, from, to } = move;
  const blobs = referenceBlobs(placements.map(({ file }) => file));
  const plan = blobs.plan(await readItems(registry.table, blobs.keys));
  const { pk, sk } = record.key;
  await registry.table.write([
    { update: { pk, sk }, set: { otherFiles: to }, when: record.unchanged },
    ...placements.flatMap((each) => placementWrites(move, { ...each, placed: outOfIndexes(each.placed) })),
    ...plan.writes,
    ...moveHead(ref, registry.clock.now(), {
      touched: [from],
      when: { equals: { revision: head.revision } },
    }),
  ]);
}

async function moveRecord(
  move: VersionMove,
  { record, head }: MoveState,
  together: readonly Placement[],
  hasMore: boolean,
): Promise<void> {
  const { registry, ref, from, to } = move;
  const { otherFiles: _, displayVersion = from, ...facts } = plainEntity(record.version);
  const moved: StoredVersion = {
    ...facts,
    version: to,
    ...(displayVersion !== to && { displayVersion }),
    ...(hasMore && { otherFiles: from }),
  };
  await registry.table.write([
    ...(record.removed
      ? removedWrites(move, record, moved as StoredVersion & RemovedVersion)
      : await presentWrites(move, record, moved)),
    ...together.flatMap((each) => [...placementWrites(move, each), deletion(each.file)]),
    ...moveHead(ref, registry.clock.now(), {
      touched: [from, to],
      when: { equals: { revision: head.revision } },
    }),
  ]);
}

async function presentWrites(
  move: VersionMove,
  record: MoveState['record'],
  moved: StoredVersion,
): Promise<Write[]> {
  const { project, ref, from } = move;
  const { pk, sk } = record.key;
  return [
    { put: itemOf(keys.version(ref, moved.version), moved), when: { exists: false } },
    { delete: { pk, sk }, when: record.unchanged },
    { put: pointerItem(project, moved), when: { equals: { id: moved.id } } },
    { put: versionHolderItem(project, moved) },
    { delete: keys.versionHolder(ref, from, groupsOf(project)) },
    ...(await readmeMove(move)),
    ...(await tagMoves(move)),
  ];
}

function removedWrites(
  { ref, to }: VersionMove,
  { unchanged }: MoveState['record'],
  moved: StoredVersion & RemovedVersion,
): Write[] {
  const tags = moved.tags.map((tag) => ({ ...tag, version: to }));
  return [{ put: removedVersionItem(ref, { ...moved, tags }), when: unchanged }];
}

/**
 * Makes the next transaction that deletes the originals of files that were copied before their version moved, and
 * moves removed files after it. Returns whether anything is left.
 */
export async function tidyOnce(move: VersionMove): Promise<boolean> {
  const { registry } = move;
  const record = await readRecord(move, move.to);
  const from = record?.version.otherFiles;
  if (!record || from === undefined) return false;
  const [files, there] = await Promise.all([readFiles(move, from), readFiles(move, move.to)]);
  const some = files.slice(0, FILES_AT_ONCE);
  const originals = some.filter(({ removedAt }) => removedAt === undefined);
  const removed = some.filter(({ removedAt }) => removedAt !== undefined);
  const placements = placeFiles(move, { record, target: undefined, files: removed, there: [] });
  const hasMore = some.length < files.length;
  const { pk, sk } = record.key;
  await registry.table.write([
    hasMore
      ? { check: { pk, sk }, when: record.unchanged }
      : { update: { pk, sk }, set: { otherFiles: undefined }, when: record.unchanged },
    ...some.map(deletion),
    ...originals.flatMap((file) => indexedCopy(file, there)),
    ...placements.flatMap((each) => placementWrites(move, each)),
    ...(await releaseBlobs(registry, originals)),
  ]);
  return hasMore;
}

/** Puts the copy of a file into the indexes that the original leaves. */
function indexedCopy(file: FileItem, there: readonly FileItem[]): Write[] {
  const { index1pk, index1sk, id } = file;
  const copy = there.find((each) => each.id === id && each.index1pk === undefined);
  if (index1pk === undefined || !copy) return [];
  const { pk, sk } = copy;
  return [{ update: { pk, sk }, set: { index1pk, index1sk }, when: { equals: { id } } }];
}
