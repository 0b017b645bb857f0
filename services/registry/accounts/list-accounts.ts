import { type Visibility, visibilities } from '../../domain/access.ts';
import type { Group, Membership, Project, User } from '../../domain/accounts.ts';
import type { Query } from '../../ports/table.ts';
import { MAX_PAGE } from '../../ports/table-rules.ts';
import { mergeSorted } from '../../shared/merge-sorted.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { indexes, keys, padId } from '../records/keys.ts';
import { queryAll, queryGrowing } from '../records/query-all.ts';
import { forEachOf, readMany } from '../records/read-many.ts';

/** Where an iteration by id starts, its direction, and how many entities are read first. */
export interface Walk {
  /** Start after this id. */
  readonly after?: number | undefined;
  readonly descending?: boolean;
  readonly atOnce?: number;
}

// Until the upgrade to schema 7 has finished, some projects and groups are in the former lists, which have all visibilities.

/** The projects of the instance by id, read page by page: all, or those of some visibilities. */
export function walkProjects(
  registry: Registry,
  walk: Walk = {},
  of: readonly Visibility[] = visibilities,
): AsyncGenerator<Project> {
  return walkLists<Project>(registry, [...of.map(indexes.projects), indexes.formerProjects], walk);
}

/** The groups of the instance by id, read page by page: all, or those of some visibilities. Omits those being deleted. */
export function walkGroups(
  registry: Registry,
  walk: Walk = {},
  of: readonly Visibility[] = visibilities,
): AsyncGenerator<Group> {
  return filtered(
    walkLists<Group>(registry, [...of.map(indexes.groups), indexes.formerGroups], walk),
    isPresent,
  );
}

function walkLists<T extends { readonly id: number }>(
  registry: Registry,
  lists: readonly Query[],
  walk: Walk,
): AsyncGenerator<T> {
  return mergedById(
    lists.map((list) => walkIndex<T>(registry, list, walk)),
    walk,
  );
}

/** Merges sequences in the order of ids, without duplicates. */
export async function* mergedById<T extends { readonly id: number }>(
  sequences: readonly AsyncIterable<T>[],
  { descending = false }: Walk,
): AsyncGenerator<T> {
  const direction = descending ? -1 : 1;
  let last: number | undefined;
  for await (const each of mergeSorted(sequences, (a, b) => (a.id - b.id) * direction)) {
    if (each.id !== last) yield each;
    last = each.id;
  }
}

function isPresent({ removing }: Group): boolean {
  return !removing;
}

/** All users of the instance by id, including bots, read page by page. */
export function walkUsers(registry: Registry, walk: Walk = {}): AsyncGenerator<User> {
  return walkIndex<User>(registry, indexes.users, walk);
}

/** The groups directly in a group by id, read page by page, without those that are being deleted. */
export function walkSubgroups(registry: Registry, groupId: number, walk: Walk = {}): AsyncGenerator<Group> {
  return filtered(
    walkIndex<Group>(registry, { ...indexes.children(groupId), prefix: 'group#' }, walk),
    isPresent,
  );
}

/** The projects directly in any of these namespaces by id, read page by page. */
export function walkProjectsIn(
  registry: Registry,
  namespaceIds: readonly number[],
  walk: Walk = {},
): AsyncGenerator<Project> {
  return mergedById(
    namespaceIds.map((id) =>
      walkIndex<Project>(registry, { ...indexes.children(id), prefix: 'project#' }, walk),
    ),
    walk,
  );
}

/** Entities of an index whose sort keys are a prefix and the id. */
async function* walkIndex<T>(registry: Registry, index: Query, walk: Walk): AsyncGenerator<T> {
  const { after, descending = false, atOnce = MAX_PAGE } = walk;
  const query: Query = {
    ...index,
    reverse: descending,
    ...(after === undefined ? {} : { after: `${index.prefix ?? ''}${padId(after)}` }),
  };
  for await (const items of queryGrowing(registry.table, query, atOnce)) {
    for (const item of items) yield entityOf<T>(item);
  }
}

/** The entities of an iteration that pass a filter. */
export async function* filtered<T>(
  walk: Iterable<T> | AsyncIterable<T>,
  passes: (each: T) => boolean,
): AsyncGenerator<T> {
  for await (const each of walk) if (passes(each)) yield each;
}

/** The groups directly in a group, also those that are being deleted. */
export async function subgroupsOf(registry: Registry, groupId: number): Promise<Group[]> {
  const items = await queryAll(registry.table, { ...indexes.children(groupId), prefix: 'group#' });
  return items.map((item) => entityOf<Group>(item));
}

/** The groups below a group, at any depth, read level by level, without those that are being deleted. */
export function descendantsOf(registry: Registry, groupId: number): Promise<Group[]> {
  return groupsBelow(registry, groupId, isPresent);
}

/** The groups below a group, at any depth, also those that are being deleted. */
export function allDescendantsOf(registry: Registry, groupId: number): Promise<Group[]> {
  return groupsBelow(registry, groupId, () => true);
}

async function groupsBelow(
  registry: Registry,
  groupId: number,
  passes: (group: Group) => boolean,
): Promise<Group[]> {
  const found: Group[] = [];
  for (let level = [groupId]; level.length > 0; ) {
    const next = (await forEachOf(level, (id) => subgroupsOf(registry, id))).filter(passes);
    found.push(...next);
    level = next.map(({ id }) => id);
  }
  return found;
}

/**
 * The projects in a group, with or without those in its subgroups, if there are at most `most` of them in at most as
 * many groups. Otherwise undefined, after reading little more.
 */
export async function fewProjectsIn(
  registry: Registry,
  group: Group,
  { directly, most }: { readonly directly: boolean; readonly most: number },
): Promise<Project[] | undefined> {
  const ids = [group.id];
  for (let next = directly ? ids.length : 0; next < ids.length; next++) {
    for await (const { id } of walkSubgroups(registry, ids[next] ?? 0, { atOnce: most + 1 })) {
      ids.push(id);
      if (ids.length > most) return undefined;
    }
  }
  const projects: Project[] = [];
  for await (const project of walkProjectsIn(registry, ids, { atOnce: most + 1 })) {
    projects.push(project);
    if (projects.length > most) return undefined;
  }
  return projects;
}

/** The projects directly in each of these namespaces. */
export function projectsIn(registry: Registry, namespaceIds: readonly number[]): Promise<Project[]> {
  return forEachOf(namespaceIds, async (id) => {
    const items = await queryAll(registry.table, { ...indexes.children(id), prefix: 'project#' });
    return items.map((item) => entityOf<Project>(item));
  });
}

/** The groups (and personal namespaces) with these ids, by id. */
export async function groupsById(
  registry: Registry,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Group>> {
  return byId(registry, ids, keys.group);
}

/** The users with these ids, by id. */
export async function usersById(
  registry: Registry,
  ids: readonly number[],
): Promise<ReadonlyMap<number, User>> {
  return byId(registry, ids, keys.user);
}

/** The projects with these ids, by id. */
export async function projectsById(
  registry: Registry,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Project>> {
  return byId(registry, ids, keys.project);
}

async function byId<T extends { readonly id: number }>(
  registry: Registry,
  ids: readonly number[],
  keyOf: (id: number) => { pk: string; sk: string },
): Promise<ReadonlyMap<number, T>> {
  const items = await readMany(registry.table, ids.map(keyOf));
  const entities = items.flatMap((item) => maybeEntity<T>(item) ?? []);
  return new Map(entities.map((entity) => [entity.id, entity]));
}

/** The groups a user is a member of, directly or through a group above. Excludes personal namespaces. */
export async function memberGroups(registry: Registry, direct: readonly Membership[]): Promise<Group[]> {
  const namespaces = await memberNamespaces(registry, direct);
  return namespaces.filter(({ kind }) => kind === 'group');
}

/** The projects a user is a member of, directly or through a group above, by id, read page by page. */
export async function* walkMemberProjects(
  registry: Registry,
  direct: readonly Membership[],
  walk: Walk = {},
): AsyncGenerator<Project> {
  const ids = direct.flatMap(({ ownerKind, ownerId }) => (ownerKind === 'project' ? [ownerId] : []));
  const direction = walk.descending ? -1 : 1;
  const inOrder = (a: Project, b: Project) => (a.id - b.id) * direction;
  const [own, namespaces] = await Promise.all([
    projectsById(registry, ids),
    memberNamespaces(registry, direct),
  ]);
  const { after } = walk;
  const remaining = [...own.values()].filter(({ id }) => after === undefined || (id - after) * direction > 0);
  const inherited = walkProjectsIn(
    registry,
    namespaces.map(({ id }) => id),
    walk,
  );
  yield* mergedById([inEach(remaining.sort(inOrder)), inherited], walk);
}

async function* inEach<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

async function memberNamespaces(registry: Registry, direct: readonly Membership[]): Promise<Group[]> {
  const ids = direct.flatMap(({ ownerKind, ownerId }) => (ownerKind === 'group' ? [ownerId] : []));
  const all = await groupsById(registry, ids);
  const own = new Map([...all].filter(([, group]) => isPresent(group)));
  const tops = [...own.values()].filter((group) => !group.ancestors.some((id) => own.has(id)));
  const below = await forEachOf(
    tops.filter(({ kind }) => kind === 'group'),
    ({ id }) => descendantsOf(registry, id),
  );
  return [...new Map([...own.values(), ...below].map((group) => [group.id, group])).values()];
}
