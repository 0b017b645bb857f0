import { levels } from '../../domain/access.ts';
import type { Group, Member, Principal, Project } from '../../domain/accounts.ts';
import { hasExpired } from '../access/access-levels.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { indexes } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';

/** A membership with where it is, as lists of a user's memberships need it. */
export interface Membership extends Member {
  readonly ownerKind: 'group' | 'project' | 'user';
  readonly ownerId: number;
}

/** What lists must know of a caller to tell which groups and projects it may see. */
export interface Memberships {
  /** The caller's own memberships that have not expired. */
  readonly direct: readonly Membership[];
  /** The effective level in a group or project. */
  levelIn(place: Pick<Group | Project, 'id' | 'ancestors'>, kind: 'group' | 'project'): number;
}

const none: Memberships = { direct: [], levelIn: () => levels.none };

/** All memberships of a caller, read in one range. */
export async function membershipsOf(registry: Registry, principal: Principal): Promise<Memberships> {
  if (principal.kind !== 'user') return none;
  const now = registry.clock.now();
  const items = await queryAll(registry.table, indexes.memberships(principal.user.id));
  const direct = items
    .map((item) => entityOf<Membership>(item))
    .filter((membership) => !hasExpired(membership, now));
  const byPlace = new Map(direct.map(({ ownerKind, ownerId, level }) => [`${ownerKind}#${ownerId}`, level]));
  const { admin } = principal.user;
  return {
    direct,
    levelIn(place, kind) {
      if (admin) return levels.admin;
      const above = place.ancestors.map((id) => byPlace.get(`group#${id}`) ?? 0);
      return Math.max(byPlace.get(`${kind}#${place.id}`) ?? 0, ...above);
    },
  };
}
