import type { Group } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { mapConcurrently } from '../../shared/map-concurrently.ts';
import type { Registry } from '../context.ts';
import { maybeEntity } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { accountEvent } from './account-event.ts';
import { childRemoved } from './create-user.ts';
import { projectsIn, subgroupsOf } from './list-accounts.ts';
import { removeMembers, removeTokens } from './remove-access.ts';
import { removeProject } from './remove-project.ts';
import { leavePath } from './routes.ts';

/** How many projects of a group are removed at once. Each removal changes the group. */
const PROJECTS_AT_ONCE = 8;

/** A stored group, with the number of groups and projects directly in it. */
type StoredGroup = Group & { readonly children: number };

/**
 * Deletes an empty group. Its path stays reserved if packages were published in it.
 * @throws RegistryError `groupNotFound` if it is gone, `conflict` while it contains groups or projects.
 */
export async function deleteGroup(registry: Registry, group: Group, actor: Actor): Promise<void> {
  const owner = { kind: 'group', id: group.id } as const;
  await retryChanged(async () => {
    const current = maybeEntity<StoredGroup>(await registry.table.get(keys.group(group.id)));
    if (current?.fullPath !== group.fullPath) throw new RegistryError('groupNotFound');
    const { children, fullPath, parentId, published } = current;
    if (children > 0) {
      const message = 'The group still contains projects or groups; delete them first';
      throw new RegistryError('conflict', message);
    }
    await registry.table.write([
      { delete: keys.group(group.id), when: { equals: { children, fullPath, published } } },
      await leavePath(registry, current, 'deleted'),
      ...(parentId === null ? [] : [childRemoved(parentId, current)]),
      ...accountEvent(registry.clock.now(), {
        type: 'group_deleted',
        actor,
        owner: { ...owner, path: fullPath },
        name: fullPath,
        details: {},
      }),
    ]);
  });
  await removeTokens(registry, owner);
  await removeMembers(registry, owner);
}

/** Deletes a group with every group and project below it, from the bottom up; can be repeated after a failure. */
export async function deleteGroupTree(registry: Registry, group: Group, actor: Actor): Promise<void> {
  for (const child of await subgroupsOf(registry, group.id)) await deleteGroupTree(registry, child, actor);
  const projects = await projectsIn(registry, [group.id]);
  await mapConcurrently(projects, PROJECTS_AT_ONCE, (project) => removeProject(registry, project, actor));
  await deleteGroup(registry, group, actor);
}
