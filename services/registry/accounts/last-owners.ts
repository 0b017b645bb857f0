/** Who owned a top-level group when it was deleted, for the former paths that it still has then. */
import { levels } from '../../domain/access.ts';
import type { Group } from '../../domain/accounts.ts';
import type { Write } from '../../ports/table.ts';
import { hasExpired } from '../access/access-levels.ts';
import type { Registry } from '../context.ts';
import { entityOf, itemOf } from '../records/entities.ts';
import { indexes, inIndex2, keys, padId } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { directMembers } from './find-members.ts';

/** The last owners of a deleted group. */
export interface LastOwners {
  readonly groupId: number;
  /** The ids of users. */
  readonly owners: readonly number[];
  /** Until when the paths of the group can be reserved, in milliseconds since the epoch. */
  readonly until: number;
}

/** The most owners of a group that are kept. */
const MAX_OWNERS = 1000;

/** Returns the users who own a group, without bots. */
export async function ownersOf(registry: Registry, groupId: number): Promise<number[]> {
  const now = registry.clock.now();
  const owners: number[] = [];
  for await (const { member, user } of directMembers(registry, { kind: 'group', id: groupId })) {
    if (member.level < levels.owner || hasExpired(member, now) || user.bot) continue;
    owners.push(user.id);
    if (owners.length === MAX_OWNERS) break;
  }
  return owners;
}

/** Returns the writes that keep the owners of a group, for the transaction that deletes it; none if nothing is reserved. */
export async function keepOwners(registry: Registry, group: Group): Promise<Write[]> {
  const { clock, settings } = registry;
  if (group.parentId !== null || !group.published || settings.pathReservation === 0) return [];
  const until = clock.now() + settings.pathReservation;
  const last: LastOwners = { groupId: group.id, owners: await ownersOf(registry, group.id), until };
  const position = inIndex2(indexes.lastOwners.pk, `${padId(until)}#${padId(group.id)}`);
  return [{ put: itemOf(keys.lastOwners(group.id), last, position) }];
}

/** Deletes the last owners of groups none of whose paths can be reserved any more, until `signal` aborts. */
export async function purgeLastOwners({ table, clock }: Registry, signal?: AbortSignal): Promise<void> {
  const end = padId(clock.now() + 1);
  for await (const items of queryPages(table, indexes.lastOwners)) {
    const over = items.filter(({ index2sk = '' }) => index2sk < end);
    for (const item of over) {
      if (signal?.aborted) return;
      await table.write([{ delete: keys.lastOwners(entityOf<LastOwners>(item).groupId) }]);
    }
    if (over.length < items.length) return;
  }
}
