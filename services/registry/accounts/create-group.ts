import { fitsInside, levels, type Visibility } from '../../domain/access.ts';
import type { Group } from '../../domain/accounts.ts';
import type { Actor } from '../../domain/events.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex1, inIndex2, keys, padId } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { childAdded, memberWrite, takingPath } from './create-user.ts';
import { checkPath, fullPathOf, invalidField } from './paths.ts';
import { type Requester, takePath } from './take-path.ts';

/** The most levels of nested groups. */
const MAX_DEPTH = 20;

/** A group to create, below `parent` or at the top level. */
export interface NewGroup {
  readonly name: string;
  readonly path: string;
  readonly parent?: Group | undefined;
  readonly description?: string | undefined;
  readonly visibility?: Visibility | undefined;
  readonly projectCreationLevel?: Group['projectCreationLevel'] | undefined;
  readonly subgroupCreationLevel?: Group['subgroupCreationLevel'] | undefined;
  /** The id of its first owner; undefined if a bot creates it, which has its rights from the group above. */
  readonly ownerId: number | undefined;
  /** Who asks for the path; by default the owner. */
  readonly by?: Requester | undefined;
  readonly actor?: Actor | undefined;
}

/**
 * Creates a group.
 * @throws RegistryError `invalidRequest` if the path is invalid or taken, or if the group does not fit into its
 * parent: it can't be more visible than the parent.
 */
export async function createGroup(registry: Registry, input: NewGroup): Promise<Group> {
  const now = registry.clock.now();
  const { parent } = input;
  const path = checkPath(input.path);
  const visibility = input.visibility ?? 'private';
  if (parent && !fitsInside(visibility, parent.visibility)) {
    throw invalidField('visibility_level', `${visibility} is not allowed in a ${parent.visibility} group.`);
  }
  if (parent?.kind === 'user')
    throw invalidField('parent_id', 'is a user namespace, which cannot contain groups');
  if (parent && parent.ancestors.length + 2 > MAX_DEPTH)
    throw invalidField('parent_id', 'is nested too deeply');
  const id = await registry.ids.next('namespace');
  const fullPath = fullPathOf(path, parent);
  const by = input.by ?? { userId: input.ownerId };
  const newPath = await takePath(registry, { fullPath, route: { kind: 'group', id }, parent, by });
  const group: Group = {
    id,
    kind: 'group',
    name: input.name,
    path,
    fullName: parent ? `${parent.fullName} / ${input.name}` : input.name,
    fullPath,
    parentId: parent?.id ?? null,
    ancestors: parent ? [...parent.ancestors, parent.id] : [],
    description: input.description ?? '',
    visibility,
    projectCreationLevel: input.projectCreationLevel ?? 'developer',
    subgroupCreationLevel: input.subgroupCreationLevel ?? 'maintainer',
    settings: { duplicates: {} },
    createdAt: now,
    ...(newPath.succeeds.length > 0 && { succeeds: newPath.succeeds }),
  };
  const inGroups = inIndex1(indexes.groups(visibility).pk, padId(id));
  const child = parent ? inIndex2(indexes.children(parent.id).pk, `group#${padId(id)}`) : {};
  await takingPath(() =>
    registry.table.write([
      newPath.write,
      {
        put: itemOf(keys.group(id), group, { children: 0, ...inGroups, ...child }),
        when: { exists: false },
      },
      ...(input.ownerId === undefined
        ? []
        : [memberWrite({ kind: 'group', id }, input.ownerId, levels.owner, null, now)]),
      ...(parent ? [childAdded(parent)] : []),
      ...accountEvent(now, {
        type: 'group_created',
        actor: input.actor,
        owner: { kind: 'group', id, path: group.fullPath },
        name: group.fullPath,
        details: { visibility },
      }),
    ]),
  );
  return group;
}
