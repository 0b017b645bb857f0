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
  /** Those of them that count for a group or project: its own and those of the groups above it. */
  countingFor(owner: Pick<Group | Project, 'id' | 'ancestors'>, kind: 'group' | 'project'): Membership[];
  /** The effective level in a group or project. */
  levelIn(owner: Pick<Group | Project, 'id' | 'ancestors'>, kind: 'group' | 'project'): number;
}

const none: Memberships = { direct: [], countingFor: () => [], levelIn: () => levels.none };

/** All memberships of a caller, read in one range. */
export async function membershipsOf(registry: Registry, principal: Principal): Promise<Memberships> {
  if (principal.kind !== 'user') return none;
  const now = registry.clock.now();
  const items = await queryAll(registry.table, indexes.memberships(principal.user.id));
  const direct = items
    .map((item) => entityOf<Membership>(item))
    .filter((membership) => !hasExpired(membership, now));
  const byOwner = new Map(direct.map((each) => [`${each.ownerKind}#${each.ownerId}`, each]));
  const countingFor: Memberships['countingFor'] = ({ id, ancestors }, kind) =>
    [`${kind}#${id}`, ...ancestors.map((above) => `group#${above}`)].flatMap(
      (owner) => byOwner.get(owner) ?? [],
    );
  const { admin } = principal.user;
  return {
    direct,
    countingFor,
    levelIn: (owner, kind) =>
      admin ? levels.admin : Math.max(0, ...countingFor(owner, kind).map(({ level }) => level)),
  };
}
