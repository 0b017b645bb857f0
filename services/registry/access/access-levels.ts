import type { Group, Member, Project } from '../../domain/accounts.ts';
import type { Key } from '../../ports/table.ts';
import { keys } from '../records/keys.ts';

/** The keys of a user's memberships that count for a project: its own and those of the namespaces above it. */
export function projectMemberKeys(project: Pick<Project, 'id' | 'ancestors'>, userId: number): Key[] {
  return [
    keys.member({ kind: 'project', id: project.id }, userId),
    ...project.ancestors.map((id) => keys.member({ kind: 'group', id }, userId)),
  ];
}

/** The keys of a user's memberships that count for a group: its own and those of the groups above it. */
export function groupMemberKeys(group: Pick<Group, 'id' | 'ancestors'>, userId: number): Key[] {
  return [group.id, ...group.ancestors].map((id) => keys.member({ kind: 'group', id }, userId));
}

/** The effective level: the highest of the memberships that have not expired at `now` (milliseconds). */
export function effectiveLevelOf(memberships: readonly (Member | undefined)[], now: number): number {
  let level = 0;
  for (const member of memberships) {
    if (member && !hasExpired(member, now)) level = Math.max(level, member.level);
  }
  return level;
}

/** Whether a membership no longer counts at `now` (milliseconds). */
export function hasExpired({ expiresOn }: Member, now: number): boolean {
  return expiresOn !== null && new Date(now).toISOString().slice(0, 10) >= expiresOn;
}
