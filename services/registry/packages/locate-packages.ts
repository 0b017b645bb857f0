import type { Group, Project } from '../../domain/accounts.ts';
import type { PackageHead, PackageRef } from '../../domain/packages.ts';
import type { Item, Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity, type NameEntry, type StoredHead } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { readMany } from '../records/read-many.ts';

/** At most this many projects are asked for one name, so many of them at a time. */
const MAX_HOLDERS = 1000;
const HOLDERS_AT_ONCE = 50;

/** A project that holds a package, with what was read beside it. */
export interface Located {
  readonly project: Project;
  readonly head: PackageHead;
  /** The user's memberships that count for the project. */
  readonly memberships: readonly (Item | undefined)[];
  /** The items under the keys the caller asked for beside the head. */
  readonly items: readonly (Item | undefined)[];
}

/** Where to look for a package name. */
export interface Place {
  readonly format: string;
  readonly name: string;
  /** The root namespace to look below; without it, everywhere. */
  readonly rootId?: number;
  /** A namespace the projects must be in, directly or deeper. */
  readonly withinId?: number;
}

/** Where to look for a name below a group, or without one everywhere. */
export function placeWithin(format: string, name: string, group?: Group): Place {
  if (!group) return { format, name };
  return { format, name, rootId: group.ancestors[0] ?? group.id, withinId: group.id };
}

/** The projects that the name index lists for a name, oldest first. One round trip. */
export async function listHolders(registry: Registry, place: Place): Promise<NameEntry[]> {
  const page = await registry.table.query({
    ...ranges.names(place.format, place.name, place.rootId),
    limit: MAX_HOLDERS,
  });
  return page.items
    .map((item) => entityOf<NameEntry>(item))
    .filter(({ ancestors }) => place.withinId === undefined || ancestors.includes(place.withinId))
    .sort((a, b) => a.projectId - b.projectId);
}

/** What `readHolders` reads of each holder, some holders at a time: who has found enough reads no more. */
export async function* locatePackages(
  registry: Registry,
  holders: readonly NameEntry[],
  ...how: [
    place: Place,
    memberKeys: (entry: NameEntry) => readonly Key[],
    moreKeys: (ref: PackageRef) => readonly Key[],
  ]
): AsyncGenerator<Located> {
  for (let start = 0; start < holders.length; start += HOLDERS_AT_ONCE) {
    yield* await readHolders(registry, holders.slice(start, start + HOLDERS_AT_ONCE), ...how);
  }
}

/**
 * Reads what must be known of each holder to decide and to answer: the project, the head, the user's memberships
 * and the caller's own keys. One round trip for up to about a dozen holders.
 */
export async function readHolders(
  registry: Registry,
  holders: readonly NameEntry[],
  place: Place,
  memberKeys: (entry: NameEntry) => readonly Key[],
  moreKeys: (ref: PackageRef) => readonly Key[],
): Promise<Located[]> {
  const groups = holders.map((entry) => {
    const ref: PackageRef = { projectId: entry.projectId, format: place.format, name: place.name };
    const members = memberKeys(entry);
    const more = moreKeys(ref);
    return { members, keys: [keys.project(entry.projectId), keys.head(ref), ...members, ...more] };
  });
  const items = await readMany(
    registry.table,
    groups.flatMap((group) => group.keys),
  );
  let position = 0;
  return groups.flatMap(({ members, keys: wanted }): Located[] => {
    const mine = items.slice(position, position + wanted.length);
    position += wanted.length;
    const project = maybeEntity<Project>(mine[0]);
    const head = maybeEntity<StoredHead>(mine[1]);
    if (!project || !head?.live) return [];
    const memberships = mine.slice(2, 2 + members.length);
    return [{ project, head, memberships, items: mine.slice(2 + members.length) }];
  });
}
