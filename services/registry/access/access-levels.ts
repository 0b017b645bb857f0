import type { Group, Member, Project } from '../../domain/accounts.ts';
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

/** The effective level: the highest level of the memberships that have not expired at `now` (milliseconds). */
export function effectiveLevelOf(memberships: readonly (Member | undefined)[], now: number): number {
  let level = 0;
  for (const member of memberships) {
    if (member && !hasExpired(member, now)) level = Math.max(level, member.level);
  }
  return level;
}

/** Whether a membership has expired at `now` (milliseconds). */
export function hasExpired({ expiresOn }: Member, now: number): boolean {
  return expiresOn !== null && new Date(now).toISOString().slice(0, 10) >= expiresOn;
}
