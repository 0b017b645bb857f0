import type { Group, Project } from '../../domain/accounts.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import type { Claimant } from './claim-path.ts';
import { projectsIn, subgroupsOf } from './list-accounts.ts';
import { movePath } from './move-path.ts';
import { fullPathOf, invalidField } from './paths.ts';
import { hasPublished } from './routes.ts';

/** The most groups and projects below a group whose path can change: the change is a single transaction. */
export const MAX_BELOW = 30;

/** A group with the number of groups and projects directly in it. */
type CountedGroup = Group & { readonly children: number };

/** A group with everything below it. */
export interface GroupTree {
  readonly group: CountedGroup;
  readonly groups: readonly GroupTree[];
  readonly projects: readonly { readonly project: Project; readonly published: boolean }[];
  /** Whether packages were ever published in it or below. */
  readonly published: boolean;
}

/**
 * Reads a group whose path is to change, with everything below it.
 * @throws RegistryError `invalidRequest` if there is too much below
 * @throws ConditionFailed if what is below is not known completely, since it has just changed
 */
export async function readTree(
  registry: Registry,
  group: CountedGroup,
  room = { left: MAX_BELOW },
): Promise<GroupTree> {
  room.left -= group.children;
  if (room.left < 0) {
    throw invalidField('path', `can't change while more than ${MAX_BELOW} groups and projects are below`);
  }
  const [subgroups, children] = await Promise.all([
    subgroupsOf(registry, group.id),
    projectsIn(registry, [group.id]),
  ]);
  // Indexes can lag behind; what they miss would keep a path below the former one.
  if (subgroups.length + children.length !== group.children) throw new ConditionFailed(0);
  const groups: GroupTree[] = [];
  for (const each of subgroups) groups.push(await readTree(registry, each as CountedGroup, room));
  const projects = await Promise.all(
    children.map(async (project) => ({ project, published: await hasPublished(registry, project) })),
  );
  const published = group.published || [...groups, ...projects].some((below) => below.published);
  return { group, groups, projects, published: published ?? false };
}

/**
 * Plans to move everything in a group to the paths below its new path. The writes fail if anything below was added,
 * removed, moved or first published to in the meantime.
 * @param parent the group with its new path
 * @throws RegistryError `invalidRequest` if one of the new paths is taken or too long
 */
export async function planMovesBelow(
  registry: Registry,
  tree: GroupTree,
  parent: Group,
  by: Claimant,
): Promise<Write[]> {
  const writes: Write[] = [];
  for (const { project, published } of tree.projects) {
    const fullPath = fullPathOf(project.path, parent);
    const known = published ? { ...project, published } : project;
    const move = await movePath(registry, known, { fullPath, parent, by });
    const when = { equals: { fullPath: project.fullPath, published: project.published } };
    writes.push(...move.writes, { update: keys.project(project.id), set: { fullPath }, when });
  }
  for (const below of tree.groups) {
    const { group, published } = below;
    const fullPath = fullPathOf(group.path, parent);
    const known = published ? { ...group, published } : group;
    const move = await movePath(registry, known, { fullPath, parent, by });
    const set = { fullPath, ...move.set };
    const when = { equals: { fullPath: group.fullPath, children: group.children } };
    writes.push(...move.writes, { update: keys.group(group.id), set, when });
    writes.push(...(await planMovesBelow(registry, below, { ...group, ...set }, by)));
  }
  return writes;
}
