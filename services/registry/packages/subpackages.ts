/** Subpackages: packages that another name of their project describes in its index. */
import { isDeepStrictEqual } from 'node:util';
import type { Project } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import type { PackageRef, Subpackage, Umbrella } from '../../domain/packages.ts';
import type { Key, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, maybeEntity, type StoredHead, storedAs, subpackageCount } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';
import { moveHead } from './move-head.ts';
import { liveHeadWrites, nameRemovalWrites, nameWrites } from './package-writes.ts';

/** Adds a subpackage to its umbrella as part of the transaction that publishes it. */
export interface SubpackagePlan {
  /** The items to read before the plan can be made. */
  readonly keys: readonly Key[];
  plan(items: Items, now: number): readonly Write[];
}

/**
 * Plans to add a package to its umbrella, if it has one. Unless nothing changes, the writes increment the revision of the
 * umbrella, so that its index is rendered again. They fail if what was read has changed in the meantime.
 */
export function planSubpackage(
  project: Project,
  ref: PackageRef,
  umbrella: Umbrella | undefined,
): SubpackagePlan {
  if (!umbrella) return { keys: [], plan: () => [] };
  const umbrellaRef: PackageRef = { ...ref, name: umbrella.name };
  const key = keys.subpackage(umbrellaRef, ref.name);
  return {
    keys: [keys.head(umbrellaRef), key],
    plan(items, now) {
      const live = items.get<StoredHead>(keys.head(umbrellaRef))?.live === true;
      const known = items.get<Subpackage>(key);
      if (live && known && isDeepStrictEqual(known.metadata, umbrella.metadata)) return [];
      const subpackage: Subpackage = { name: ref.name, metadata: umbrella.metadata };
      return [
        { put: itemOf(key, subpackage), when: { exists: known !== undefined } },
        ...liveHeadWrites(umbrellaRef, now, live, { subpackages: known ? 0 : 1 }),
        ...(live ? [] : nameWrites(project, umbrellaRef, now)),
      ];
    },
  };
}

/** Returns the writes that remove a package from its umbrella, when its last version is removed. */
export async function subpackageRemovalWrites(
  registry: Registry,
  project: Project,
  ref: PackageRef,
  umbrellaName: PackageName,
): Promise<readonly Write[]> {
  const umbrella: PackageRef = { projectId: ref.projectId, format: ref.format, name: umbrellaName };
  const key = keys.subpackage(umbrella, ref.name);
  const [headItem, subpackage] = await registry.table.getMany([keys.head(umbrella), key]);
  const head = maybeEntity<StoredHead>(headItem);
  if (!head || !subpackage) return [];
  const now = registry.clock.now();
  const empty = head.versionCount <= 0 && subpackageCount(head) <= 1;
  return [
    { delete: key, when: { exists: true } },
    ...moveHead(umbrella, now, {
      touched: [],
      add: { [storedAs.subpackageCount]: -1 },
      set: { live: empty ? undefined : true },
      when: { equals: { revision: head.revision } },
    }),
    ...(empty ? nameRemovalWrites(project, umbrella, now) : []),
  ];
}
