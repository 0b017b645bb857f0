import { shownVersion, type Version } from '../../../../domain/packages.ts';
import { forgetDownloads } from '../../../downloads/count-downloads.ts';
import { moveHead } from '../../../packages/move-head.ts';
import { addedToVersion, groupsOf, pointerItem } from '../../../packages/package-writes.ts';
import { itemOf, plainEntity, type StoredVersion } from '../../../records/entities.ts';
import { keys } from '../../../records/keys.ts';
import { unchanged } from '../../../removal/remove-version.ts';
import { readmeMove, tagMoves } from './move-parts.ts';
import { dropFiles, FILES_AT_ONCE } from './move-version.ts';
import { deletion, placeFiles, placementWrites, staleCopies } from './place-files.ts';
import type { MoveState, VersionMove } from './version-move.ts';

/**
 * Makes the next transaction that moves the files of a version into the equal one that has the normalized text. The last
 * one deletes the version. Returns whether it is still there.
 */
export async function mergeOnce(
  move: VersionMove,
  state: MoveState & { readonly target: StoredVersion },
): Promise<boolean> {
  const { registry, ref, from, to } = move;
  const { head, record, target } = state;
  const copies = staleCopies(move, state, []);
  if (copies.length > 0) {
    await dropFiles(move, state, copies);
    return true;
  }
  const placements = placeFiles(move, state);
  const some = placements.slice(0, FILES_AT_ONCE);
  const last = some.length === placements.length;
  await registry.table.write([
    ...(last
      ? await mergedWrites(move, record, target)
      : [{ check: record.key, when: record.unchanged }, addedToVersion(ref, to, target)]),
    ...some.flatMap((each) => [...placementWrites(move, each), deletion(each.file)]),
    ...moveHead(ref, registry.clock.now(), {
      touched: [from, to],
      ...(last && { add: { versionCount: -1 } }),
      when: { equals: { revision: head.revision } },
    }),
  ]);
  return !last;
}

async function mergedWrites(
  move: VersionMove,
  { version, ...record }: MoveState['record'],
  target: StoredVersion,
) {
  const { registry, project, ref, from } = move;
  const merged = mergedVersion(version, target);
  const { pk, sk } = record.key;
  return [
    { put: itemOf(keys.version(ref, merged.version), merged), when: unchanged(target) },
    { delete: { pk, sk }, when: record.unchanged },
    { put: pointerItem(project, merged), when: { equals: { id: merged.id } } },
    { delete: keys.packageId(ref.projectId, version.id) },
    { delete: keys.versionHolder(ref, from, groupsOf(project)) },
    forgetDownloads(registry, version.id),
    ...(await readmeMove(move)),
    ...(await tagMoves(move)),
  ];
}

/** The version of two that are equal: it is shown as the first of them, and counts from then. */
function mergedVersion(version: StoredVersion, target: StoredVersion): StoredVersion {
  const { displayVersion: _, ...facts } = plainEntity(target);
  const first: Version = version.createdAt < target.createdAt ? version : target;
  const shown = shownVersion(first);
  return {
    ...facts,
    ...(shown !== target.version && { displayVersion: shown }),
    createdAt: first.createdAt,
    // Whoever has read the version before reads it again.
    additions: (target.additions ?? 0) + 1,
  };
}
