import { levels } from '../../domain/access.ts';
import type { Group, Membership, Principal, Project } from '../../domain/accounts.ts';
import type { Key } from '../../ports/table.ts';
import { membershipsOf } from '../accounts/memberships.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { effectiveLevelOf, groupMemberKeys } from './access-levels.ts';
import { authorizeGroup } from './authorize.ts';
import { absent } from './refusals.ts';

/**
 * Requires that the caller may see a group, before a response that would reveal it. A caller who may see a
 * project or subgroup in a group may see the group, as in GitLab.
 * @throws RegistryError the error of a missing group, if the caller may not.
 */
export async function requireVisibleGroup(
  registry: Registry,
  principal: Principal,
  group: Group,
): Promise<void> {
  if (authorizeGroup('view', principal, group, 0) === 'allow') return;
  const level = await levelInGroup(registry, principal, group);
  if (authorizeGroup('view', principal, group, level) === 'allow') return;
  const above = await groupsAbove(registry, principal);
  if (!above.has(group.id)) throw absent(principal, 'groupNotFound', 'hidden');
}

/** The effective level of a caller in a group. */
export async function levelInGroup(
  { table, clock }: Registry,
  principal: Principal,
  group: Group,
): Promise<number> {
  if (principal.kind !== 'user') return levels.none;
  if (principal.user.admin) return levels.admin;
  const memberKeys = groupMemberKeys(group, principal.user.id);
  const items = await readItems(table, memberKeys);
  return effectiveLevelOf(
    principal.user,
    memberKeys.map((key) => items.get<Membership>(key)),
    clock.now(),
  );
}

/**
 * The ids of the groups that a caller may see because of a project or subgroup in them. Their members stay hidden from
 * the caller.
 */
export async function groupsAbove(registry: Registry, principal: Principal): Promise<ReadonlySet<number>> {
  const own = await ownKeys(registry, principal);
  const items = await readItems(registry.table, own);
  return new Set(own.flatMap((key) => items.get<Group | Project>(key)?.ancestors ?? []));
}

/** The keys of the groups and projects in which a caller has rights directly. */
async function ownKeys(registry: Registry, principal: Principal): Promise<Key[]> {
  if (principal.kind === 'anonymous') return [];
  if (principal.kind === 'deploy') {
    const { kind, resourceId } = principal.token;
    return [kind === 'project-deploy' ? keys.project(resourceId) : keys.group(resourceId)];
  }
  const { direct } = await membershipsOf(registry, principal);
  return direct.map(({ ownerKind, ownerId }) =>
    ownerKind === 'project' ? keys.project(ownerId) : keys.group(ownerId),
  );
}
