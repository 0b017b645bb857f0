import type { Principal, Project } from '../../domain/accounts.ts';
import type { Registry } from '../context.ts';
import { fewProjectsIn, groupsById, projectsById } from './list-accounts.ts';
import { membershipsOf } from './memberships.ts';

/**
 * The projects in which a caller has a role, directly or through a group. Empty if there are more than `most`, after
 * reading little more, and for administrators, who need none.
 */
export async function ownProjects(
  registry: Registry,
  principal: Principal,
  most: number,
): Promise<readonly Project[]> {
  const owners = await ownersOf(registry, principal);
  if (owners.length > most) return [];
  const idsOf = (kind: 'project' | 'group') =>
    owners.flatMap(({ ownerKind, ownerId }) => (ownerKind === kind ? [ownerId] : []));
  const [projects, groups] = await Promise.all([
    projectsById(registry, idsOf('project')),
    groupsById(registry, idsOf('group')),
  ]);
  const found = new Map(projects);
  for (const group of groups.values()) {
    const below = await fewProjectsIn(registry, group, { directly: group.kind === 'user', most });
    for (const project of below ?? []) found.set(project.id, project);
    if (!below || found.size > most) return [];
  }
  return [...found.values()];
}

interface Owner {
  readonly ownerKind: 'user' | 'project' | 'group';
  readonly ownerId: number;
}

async function ownersOf(registry: Registry, principal: Principal): Promise<readonly Owner[]> {
  if (principal.kind === 'anonymous') return [];
  if (principal.kind === 'deploy') {
    const { kind, resourceId } = principal.token;
    return [{ ownerKind: kind === 'project-deploy' ? 'project' : 'group', ownerId: resourceId }];
  }
  return principal.user.admin ? [] : (await membershipsOf(registry, principal)).direct;
}
