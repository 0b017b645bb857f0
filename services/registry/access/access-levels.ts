import type { Group, Member, Membership, Project, User } from '../../domain/accounts.ts';
import { counts } from '../../domain/bots.ts';
import type { Key } from '../../ports/table.ts';
import { keys } from '../records/keys.ts';

/** The keys of a user's memberships that apply to a project: in the project and in the namespaces above it. */
export function projectMemberKeys(project: Pick<Project, 'id' | 'ancestors'>, userId: number): Key[] {
  return [
    keys.member({ kind: 'project', id: project.id }, userId),
    ...project.ancestors.map((id) => keys.member({ kind: 'group', id }, userId)),
  ];
}

/** The keys of a user's memberships that apply to a group: in the group and in the groups above it. */
export function groupMemberKeys(group: Pick<Group, 'id' | 'ancestors'>, userId: number): Key[] {
  return [group.id, ...group.ancestors].map((id) => keys.member({ kind: 'group', id }, userId));
}

/** A user's effective level: the highest level of those of its memberships that are in force at `now`. */
export function effectiveLevelOf(
  user: User,
  memberships: readonly (Membership | undefined)[],
  now: number,
): number {
  let level = 0;
  for (const membership of memberships) {
    if (membership && isInForce(membership, user, now)) level = Math.max(level, membership.level);
  }
  return level;
}

/**
 * Whether a membership gives its user rights at `now` (milliseconds): it has not expired, and if the user is a bot,
 * it is in the project or group that the bot belongs to.
 */
export function isInForce(membership: Membership, user: User, now: number): boolean {
  return !hasExpired(membership, now) && counts(membership, user);
}

/** Whether a membership has expired at `now` (milliseconds). */
export function hasExpired({ expiresOn }: Member, now: number): boolean {
  return expiresOn !== null && new Date(now).toISOString().slice(0, 10) >= expiresOn;
}
