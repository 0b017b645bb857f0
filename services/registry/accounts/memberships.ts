import { levels } from '../../domain/access.ts';
import type { Group, Membership, Principal, Project } from '../../domain/accounts.ts';
import { isInForce } from '../access/access-levels.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { indexes } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';

/** The memberships of a caller, for lists of the groups and projects that the caller may see. */
export interface Memberships {
  /** The caller's own memberships that are in force. */
  readonly direct: readonly Membership[];
  /** The direct memberships that apply to a group or project: in it, and in the groups above it. */
  applyingTo(owner: Pick<Group | Project, 'id' | 'ancestors'>, kind: 'group' | 'project'): Membership[];
  /** The effective level in a group or project. */
  levelIn(owner: Pick<Group | Project, 'id' | 'ancestors'>, kind: 'group' | 'project'): number;
}

const none: Memberships = { direct: [], applyingTo: () => [], levelIn: () => levels.none };

/** Reads all memberships of a caller, in one range. */
export async function membershipsOf(registry: Registry, principal: Principal): Promise<Memberships> {
  if (principal.kind !== 'user') return none;
  const now = registry.clock.now();
  const { user } = principal;
  const items = await queryAll(registry.table, indexes.memberships(user.id));
  const direct = items
    .map((item) => entityOf<Membership>(item))
    .filter((membership) => isInForce(membership, user, now));
  const byOwner = new Map(direct.map((each) => [`${each.ownerKind}#${each.ownerId}`, each]));
  const applyingTo: Memberships['applyingTo'] = ({ id, ancestors }, kind) =>
    [`${kind}#${id}`, ...ancestors.map((above) => `group#${above}`)].flatMap(
      (owner) => byOwner.get(owner) ?? [],
    );
  return {
    direct,
    applyingTo,
    levelIn: (owner, kind) =>
      user.admin ? levels.admin : Math.max(0, ...applyingTo(owner, kind).map(({ level }) => level)),
  };
}
