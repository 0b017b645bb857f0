import type { Group, Principal, Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import { effectiveLevelOf, groupMemberKeys } from '../../registry/access/access-levels.ts';
import { authorizeGroup } from '../../registry/access/authorize.ts';
import { membershipsOf } from '../../registry/accounts/memberships.ts';
import type { Registry } from '../../registry/context.ts';
import { maybeEntity } from '../../registry/records/entities.ts';
import { keys } from '../../registry/records/keys.ts';
import { readMany } from '../../registry/records/read-many.ts';

/** What is answered for a project or group that is not there, or must seem so. */
export function absent(principal: Principal, code: 'projectNotFound' | 'groupNotFound'): RegistryError {
  return new RegistryError(principal.kind === 'anonymous' ? 'unauthenticated' : code);
}

/**
 * Throws what a missing group gives when the caller may not see this one, for answers that would tell it is there. Who
 * may see something below a group may see it, as in GitLab.
 */
export async function requireVisibleGroup(
  registry: Registry,
  principal: Principal,
  group: Group,
): Promise<void> {
  if (authorizeGroup('view', principal, group, 0) === 'allow') return;
  const wanted = principal.kind === 'user' ? groupMemberKeys(group, principal.user.id) : [];
  const memberships = wanted.length > 0 ? await registry.table.getMany(wanted) : [];
  const level = effectiveLevelOf(memberships, registry.clock.now());
  if (authorizeGroup('view', principal, group, level) === 'allow') return;
  if (!(await seesBelow(registry, principal, group))) throw absent(principal, 'groupNotFound');
}

async function seesBelow(registry: Registry, principal: Principal, { id }: Group): Promise<boolean> {
  const items = await readMany(registry.table, await keysBelow(registry, principal));
  return items.some((item) => maybeEntity<Group | Project>(item)?.ancestors.includes(id));
}

/** Where a caller has rights of its own. */
async function keysBelow(registry: Registry, principal: Principal) {
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
