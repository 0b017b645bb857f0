import type { Group, Membership, Project, User } from '../../domain/accounts.ts';
import type { Query } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { indexes, keys, padId } from '../records/keys.ts';
import { queryAll, queryPages } from '../records/query-all.ts';
import { forEachOf, readMany } from '../records/read-many.ts';

/** Where an iteration by id starts, and its direction. */
export interface Walk {
  /** Start after this id. */
  readonly after?: number | undefined;
  readonly descending?: boolean;
}

/** All projects of the instance by id, read page by page. */
export function walkProjects(registry: Registry, walk: Walk = {}): AsyncGenerator<Project> {
  return walkIndex<Project>(registry, indexes.projects, walk);
}

/** All groups of the instance by id, read page by page. */
export function walkGroups(registry: Registry, walk: Walk = {}): AsyncGenerator<Group> {
  return walkIndex<Group>(registry, indexes.groups, walk);
}

/** All users of the instance by id, including bots, read page by page. */
export function walkUsers(registry: Registry, walk: Walk = {}): AsyncGenerator<User> {
  return walkIndex<User>(registry, indexes.users, walk);
}

async function* walkIndex<T>(registry: Registry, index: Query, walk: Walk): AsyncGenerator<T> {
  const query: Query = {
    ...index,
    reverse: walk.descending ?? false,
    ...(walk.after === undefined ? {} : { after: padId(walk.after) }),
  };
  for await (const items of queryPages(registry.table, query)) {
    for (const item of items) yield entityOf<T>(item);
  }
}

/** Collects the entities of an iteration that pass a filter. */
export async function gather<T>(walk: AsyncIterable<T>, passes: (each: T) => boolean): Promise<T[]> {
  const found: T[] = [];
  for await (const each of walk) if (passes(each)) found.push(each);
  return found;
}

/** The groups directly in a group. */
export async function subgroupsOf(registry: Registry, groupId: number): Promise<Group[]> {
  const items = await queryAll(registry.table, { ...indexes.children(groupId), prefix: 'group#' });
  return items.map((item) => entityOf<Group>(item));
}

/** The groups below a group, at any depth, read level by level. */
export async function descendantsOf(registry: Registry, groupId: number): Promise<Group[]> {
  const found: Group[] = [];
  for (let level = [groupId]; level.length > 0; ) {
    const next = await forEachOf(level, (id) => subgroupsOf(registry, id));
    found.push(...next);
    level = next.map(({ id }) => id);
  }
  return found;
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

/** The projects a user is a member of, directly or through a group above. */
export async function memberProjects(registry: Registry, direct: readonly Membership[]): Promise<Project[]> {
  const ids = direct.flatMap(({ ownerKind, ownerId }) => (ownerKind === 'project' ? [ownerId] : []));
  const [own, namespaces] = await Promise.all([
    projectsById(registry, ids),
    memberNamespaces(registry, direct),
  ]);
  const inherited = await projectsIn(
    registry,
    namespaces.map(({ id }) => id),
  );
  return [...new Map([...own.values(), ...inherited].map((project) => [project.id, project])).values()];
}

async function memberNamespaces(registry: Registry, direct: readonly Membership[]): Promise<Group[]> {
  const ids = direct.flatMap(({ ownerKind, ownerId }) => (ownerKind === 'group' ? [ownerId] : []));
  const own = await groupsById(registry, ids);
  const tops = [...own.values()].filter((group) => !group.ancestors.some((id) => own.has(id)));
  const below = await forEachOf(
    tops.filter(({ kind }) => kind === 'group'),
    ({ id }) => descendantsOf(registry, id),
  );
  return [...new Map([...own.values(), ...below].map((group) => [group.id, group])).values()];
}
