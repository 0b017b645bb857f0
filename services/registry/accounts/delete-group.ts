import type { Group } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import { inChunks } from '../../shared/merge-sorted.ts';
import type { Registry } from '../context.ts';
import { entityOf, itemOf, maybeEntity } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { accountEvent } from './account-event.ts';
import { childrenRemoved } from './create-user.ts';
import { keepOwners } from './last-owners.ts';
import { allDescendantsOf, walkProjectsIn } from './list-accounts.ts';
import { removeMembers, removeTokens } from './remove-access.ts';
import { REMOVED_AT_ONCE, removeProjects } from './remove-project.ts';
import { leavePath } from './routes.ts';

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
    const { children, fullPath, parentId, published, removing } = current;
    if (children > 0) {
      const message = 'The group still contains projects or groups; delete them first';
      throw new RegistryError('conflict', message);
    }
    await registry.table.write([
      { delete: keys.group(group.id), when: { equals: { children, fullPath, published, removing } } },
      await leavePath(registry, current, 'deleted'),
      ...(removing ? [{ delete: keys.groupRemoval(group.id) }] : []),
      ...(await keepOwners(registry, current)),
      ...(parentId === null ? [] : [childrenRemoved(parentId, [current])]),
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

/** The deletion of a group with everything below it, until it is finished. */
interface GroupRemoval {
  readonly id: number;
  readonly removedBy: Actor;
}

/**
 * Begins to delete a group with everything below it, which `continueGroupRemoval` finishes. From now on, the group is
 * absent, and nothing can be created in it.
 * @throws RegistryError `groupNotFound` if it is gone
 */
export async function startGroupRemoval(registry: Registry, group: Group, actor: Actor): Promise<void> {
  const { id, fullPath } = group;
  const removal: GroupRemoval = { id, removedBy: actor };
  try {
    await registry.table.write([
      {
        update: keys.group(id),
        set: { removing: true },
        when: { equals: { fullPath, removing: undefined } },
      },
      { put: itemOf(keys.groupRemoval(id), removal) },
      ...accountEvent(registry.clock.now(), {
        type: 'group_removal_started',
        actor,
        owner: { kind: 'group', id, path: fullPath },
        name: fullPath,
        details: {},
      }),
    ]);
  } catch (error) {
    throw error instanceof ConditionFailed ? new RegistryError('groupNotFound') : error;
  }
}

/**
 * Continues to delete a group with everything below it, until `signal` aborts: the projects first, then the groups from
 * the bottom up. Returns whether it is gone. Can be repeated, and run concurrently.
 */
export async function continueGroupRemoval(
  registry: Registry,
  groupId: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const items = await registry.table.getMany([keys.group(groupId), keys.groupRemoval(groupId)]);
  const [group, removal] = [maybeEntity<Group>(items[0]), maybeEntity<GroupRemoval>(items[1])];
  if (!group || !removal) return true;
  const { removedBy } = removal;
  const groups = [group, ...(await allDescendantsOf(registry, groupId))];
  for (const { id } of groups) {
    for await (const projects of inChunks(walkProjectsIn(registry, [id]), REMOVED_AT_ONCE)) {
      if (signal?.aborted) return false;
      await removeProjects(registry, projects, removedBy);
    }
  }
  for (const each of groups.toSorted((a, b) => b.ancestors.length - a.ancestors.length)) {
    if (signal?.aborted || !(await isDeleted(registry, each, removedBy))) return false;
  }
  return true;
}

/** Deletes a group unless something was added to it, or its index lags behind. Returns whether it is gone. */
async function isDeleted(registry: Registry, group: Group, actor: Actor): Promise<boolean> {
  try {
    await deleteGroup(registry, group, actor);
    return true;
  } catch (error) {
    const { code } = error instanceof RegistryError ? error : {};
    if (code === 'groupNotFound' || code === 'conflict') return code === 'groupNotFound';
    throw error;
  }
}

/** Continues the deletions of groups that have begun, until `signal` aborts. Returns whether they are finished. */
export async function finishGroupRemovals(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  let finished = true;
  for await (const items of queryPages(registry.table, ranges.groupRemovals())) {
    for (const item of items) {
      const { id } = entityOf<GroupRemoval>(item);
      if (signal?.aborted || !(await continueGroupRemoval(registry, id, signal))) finished = false;
    }
  }
  return finished;
}

/** Deletes a group with everything below it. @throws RegistryError `groupNotFound` if it is gone */
export async function deleteGroupTree(registry: Registry, group: Group, actor: Actor): Promise<void> {
  await startGroupRemoval(registry, group, actor);
  await continueGroupRemoval(registry, group.id);
}
