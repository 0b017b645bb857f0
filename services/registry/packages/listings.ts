/** Names that list other packages of their project, as a Maven group lists its plugins. */

import { isDeepStrictEqual } from 'node:util';
import type { Project } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import type { ListedPackage, PackageRef } from '../../domain/packages.ts';
import type { Key, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, maybeEntity, type StoredHead } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';
import { moveHead } from './move-head.ts';
import { liveHeadWrites, nameWrites, unlistWrites } from './package-writes.ts';

/** The name that lists a package, never the package's own, and its metadata about the package. */
export interface Listing {
  readonly name: PackageName;
  readonly metadata: unknown;
}

/** Lists a package as part of the transaction that publishes it. */
export interface ListingPlan {
  /** The items to read before the plan can be made. */
  readonly keys: readonly Key[];
  plan(items: Items, now: number): readonly Write[];
}

/**
 * Plans the listing of a package. Unless nothing changes, the writes increment the revision of the listing name,
 * so that its index is rendered again. They fail if what was read has changed in the meantime.
 */
export function planListing(project: Project, ref: PackageRef, listing: Listing | undefined): ListingPlan {
  if (!listing) return { keys: [], plan: () => [] };
  const list: PackageRef = { ...ref, name: listing.name };
  const key = keys.listed(list, ref.name);
  return {
    keys: [keys.head(list), key],
    plan(items, now) {
      const live = items.get<StoredHead>(keys.head(list))?.live === true;
      const known = items.get<ListedPackage>(key);
      if (live && known && isDeepStrictEqual(known.metadata, listing.metadata)) return [];
      const listed: ListedPackage = { name: ref.name, metadata: listing.metadata };
      return [
        { put: itemOf(key, listed), when: { exists: known !== undefined } },
        ...liveHeadWrites(list, now, live, { listed: known ? 0 : 1 }),
        ...(live ? [] : nameWrites(project, list, now)),
      ];
    },
  };
}

/** Returns the writes that remove a package from the name that lists it, when its last version is removed. */
export async function unlistingWrites(
  registry: Registry,
  project: Project,
  ref: PackageRef,
  listedBy: PackageName,
): Promise<readonly Write[]> {
  const list: PackageRef = { projectId: ref.projectId, format: ref.format, name: listedBy };
  const key = keys.listed(list, ref.name);
  const [headItem, entry] = await registry.table.getMany([keys.head(list), key]);
  const head = maybeEntity<StoredHead>(headItem);
  if (!head || !entry) return [];
  const now = registry.clock.now();
  const empty = head.versionCount <= 0 && (head.listedCount ?? 0) <= 1;
  return [
    { delete: key, when: { exists: true } },
    ...moveHead(list, now, {
      touched: [],
      add: { listedCount: -1 },
      set: { live: empty ? undefined : true },
      when: { equals: { revision: head.revision } },
    }),
    ...(empty ? unlistWrites(project, list, now) : []),
  ];
}
