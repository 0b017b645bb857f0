import type { Group, Project } from '../../domain/accounts.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import { mapConcurrently } from '../../shared/map-concurrently.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { projectsIn, subgroupsOf } from './list-accounts.ts';
import { movePath } from './move-path.ts';
import { fullPathOf, invalidField } from './paths.ts';
import { hasPublished } from './routes.ts';
import type { Requester } from './take-path.ts';

/** The most groups and projects below a group that move in the same transaction as the group. */
export const MOVED_AT_ONCE = 30;

/** The most groups and projects below a group whose path can change: all new paths are looked up first. */
export const MAX_BELOW = 10_000;

/** How many projects are looked up at once. */
const READ_AT_ONCE = 16;

/** A group with the number of groups and projects directly in it. */
export type CountedGroup = Group & { readonly children: number };

/** A project, and whether packages were ever published in it. */
export interface TreeProject {
  readonly project: Project;
  readonly published: boolean;
}

/** A group with everything below it. */
export interface GroupTree {
  readonly group: CountedGroup;
  readonly groups: readonly GroupTree[];
  readonly projects: readonly TreeProject[];
  /** Whether packages were ever published in it or below. */
  readonly published: boolean;
  /** How many groups and projects are below it. */
  readonly size: number;
}

/**
 * Reads a group with everything below it, for which there is `room`.
 * @throws RegistryError `invalidRequest` if more is below
 * @throws ConditionFailed if what is below is not known completely, since it has just changed
 */
export async function readTree(
  registry: Registry,
  group: CountedGroup,
  room = { left: Number.POSITIVE_INFINITY },
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
  const projects = await mapConcurrently(children, READ_AT_ONCE, async (project) => ({
    project,
    published: await hasPublished(registry, project),
  }));
  const published = group.published || [...groups, ...projects].some((below) => below.published);
  const size = groups.reduce((sum, below) => sum + below.size, group.children);
  return { group, groups, projects, published: published ?? false, size };
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
  by: Requester,
): Promise<Write[]> {
  const plans = await mapConcurrently(tree.projects, READ_AT_ONCE, (each) =>
    planProjectMove(registry, each, parent, by),
  );
  const writes = plans.flat();
  for (const below of tree.groups) {
    const { moved, writes: own } = await planGroupMove(registry, below, parent, by);
    writes.push(...own, ...(await planMovesBelow(registry, below, moved, by)));
  }
  return writes;
}

/**
 * Plans to move a project to the path below the new path of its namespace; at most three writes.
 * @throws RegistryError `invalidRequest` if the new path is taken or too long
 */
export async function planProjectMove(
  registry: Registry,
  { project, published }: TreeProject,
  parent: Group,
  by: Requester,
  set: Partial<Pick<Project, 'fullName'>> = {},
): Promise<Write[]> {
  const fullPath = fullPathOf(project.path, parent);
  const known = published ? { ...project, published } : project;
  const move = await movePath(registry, known, { fullPath, parent, by });
  const when = { equals: { fullPath: project.fullPath, published: project.published } };
  return [...move.writes, { update: keys.project(project.id), set: { fullPath, ...set }, when }];
}

/**
 * Plans to move a group, without what is in it, to the path below the new path of its parent. Returns the group as it will
 * be.
 * @throws RegistryError `invalidRequest` if the new path is taken or too long
 */
export async function planGroupMove(
  registry: Registry,
  { group, published }: Pick<GroupTree, 'group' | 'published'>,
  parent: Group,
  by: Requester,
  set: Pick<Group, 'moving'> & Partial<Pick<Group, 'fullName'>> = {},
): Promise<{ readonly moved: CountedGroup; readonly writes: Write[] }> {
  const fullPath = fullPathOf(group.path, parent);
  const known = published ? { ...group, published } : group;
  const move = await movePath(registry, known, { fullPath, parent, by });
  const changed = { fullPath, ...move.set, ...set };
  const when = { equals: { fullPath: group.fullPath, children: group.children } };
  return {
    moved: { ...group, ...changed },
    writes: [...move.writes, { update: keys.group(group.id), set: changed, when }],
  };
}
