import type { Group } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { projectsIn, subgroupsOf } from './list-accounts.ts';
import { removeMembers, removeTokens } from './remove-access.ts';
import { removeProject } from './remove-project.ts';

/**
 * Deletes an empty group.
 * @throws RegistryError `conflict` while it contains groups or projects.
 */
export async function deleteGroup(registry: Registry, group: Group, actor: Actor): Promise<void> {
  const owner = { kind: 'group', id: group.id } as const;
  try {
    await registry.table.write([
      { delete: keys.group(group.id), when: { equals: { children: 0, fullPath: group.fullPath } } },
      { delete: keys.route(group.fullPath) },
      ...(group.parentId === null
        ? []
        : [{ update: keys.group(group.parentId), add: { children: -1 }, when: { exists: true } }]),
      ...accountEvent(registry.clock.now(), {
        type: 'group_deleted',
        actor,
        owner: { ...owner, path: group.fullPath },
        name: group.fullPath,
        details: {},
      }),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    const message = 'The group still contains projects or groups; delete them first';
    throw new RegistryError('conflict', message, { cause: error });
  }
  await removeTokens(registry, owner);
  await removeMembers(registry, owner);
}

/** Deletes a group with every group and project below it, from the bottom up; can be repeated after a failure. */
export async function deleteGroupTree(registry: Registry, group: Group, actor: Actor): Promise<void> {
  for (const child of await subgroupsOf(registry, group.id)) await deleteGroupTree(registry, child, actor);
  for (const project of await projectsIn(registry, [group.id])) await removeProject(registry, project, actor);
  await deleteGroup(registry, group, actor);
}
