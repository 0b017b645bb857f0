import type { Group, Member, Project, User } from '../../domain/accounts.ts';
import { hasExpired } from '../access/access-levels.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { keys, type Owner, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { forEachOf } from '../records/read-many.ts';
import { usersById } from './list-accounts.ts';

/** A group or project as the owner of members. */
export type MemberOwner = Owner & {
  readonly kind: 'group' | 'project';
  readonly path: string;
  /** The ids of the groups above it, root first. */
  readonly ancestors: readonly number[];
};

/** A member with its user. */
export interface KnownMember {
  readonly member: Member;
  readonly user: User;
}

/** A group or project as the owner of its members and tokens. */
export function memberOwner(resource: Group | Project): MemberOwner {
  const kind = 'namespaceId' in resource ? 'project' : 'group';
  return { kind, id: resource.id, path: resource.fullPath, ancestors: resource.ancestors };
}

/** The direct members of a group or project. */
export async function directMembers(registry: Registry, owner: Owner): Promise<KnownMember[]> {
  const items = await queryAll(registry.table, ranges.members(owner));
  return withUsers(
    registry,
    items.map((item) => entityOf<Member>(item)),
  );
}

/** The direct and inherited members of a group or project, each once with the highest level. */
export async function allMembers(registry: Registry, owner: MemberOwner): Promise<KnownMember[]> {
  const now = registry.clock.now();
  const items = await forEachOf([owner, ...groupsAbove(owner)], (each) =>
    queryAll(registry.table, ranges.members(each)),
  );
  const highest = new Map<number, Member>();
  for (const item of items) {
    const member = entityOf<Member>(item);
    const highestSoFar = highest.get(member.userId);
    if (!hasExpired(member, now) && (!highestSoFar || member.level > highestSoFar.level))
      highest.set(member.userId, member);
  }
  return withUsers(registry, [...highest.values()]);
}

/** The direct member of a group or project with this user id, or undefined. */
export async function findMember(
  registry: Registry,
  owner: Owner,
  userId: number,
): Promise<Member | undefined> {
  return maybeEntity<Member>(await registry.table.get(keys.member(owner, userId)));
}

/** The level that a user inherits from the groups above. */
export async function inheritedLevel(
  registry: Registry,
  owner: MemberOwner,
  userId: number,
): Promise<number> {
  const now = registry.clock.now();
  const above = groupsAbove(owner).map((group) => keys.member(group, userId));
  if (above.length === 0) return 0;
  const members = (await registry.table.getMany(above)).map((item) => maybeEntity<Member>(item));
  return Math.max(0, ...members.map((member) => (member && !hasExpired(member, now) ? member.level : 0)));
}

function groupsAbove(owner: MemberOwner): Owner[] {
  return owner.ancestors.map((id) => ({ kind: 'group', id }));
}

async function withUsers(registry: Registry, members: readonly Member[]): Promise<KnownMember[]> {
  const users = await usersById(
    registry,
    members.map(({ userId }) => userId),
  );
  return members.flatMap((member) => {
    const user = users.get(member.userId);
    return user ? [{ member, user }] : [];
  });
}
