import { levels } from '../../domain/access.ts';
import type { Group, Membership } from '../../domain/accounts.ts';
import type { FullPath } from '../../domain/names.ts';
import type { Write } from '../../ports/table.ts';
import { hasExpired } from '../access/access-levels.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import type { LastOwners } from './last-owners.ts';
import { invalidField } from './paths.ts';
import { type FormerRoute, isReserved, type Route, readRoute, type StoredRoute } from './routes.ts';

/** Who asks for a path. Empty for someone with no right to reserved paths. */
export interface Requester {
  /** The id of a person. */
  readonly userId?: number | undefined;
  /** Whether it is an administrator, who may take any reserved path. */
  readonly admin?: boolean | undefined;
}

/** A path to take for a group, project or user. */
export interface PathRequest {
  readonly fullPath: FullPath;
  readonly route: Route;
  /** The group or user namespace in which the path is; undefined at the top level. */
  readonly parent: Group | undefined;
  readonly by: Requester;
}

/** The write that takes a path, which must be the first of its transaction. */
export interface TakenPath {
  readonly write: Write;
  /** The namespaces whose reserved paths below now belong to that group. */
  readonly succeeds: readonly number[];
}

/** The most former namespaces that a group remembers to succeed. */
export const MAX_SUCCEEDED = 50;

/**
 * Takes a path that is free, or reserved for the requester. The write fails if the path was taken in the meantime.
 * @throws RegistryError `invalidRequest` if the path is taken, or reserved for others
 */
export async function takePath(registry: Registry, request: PathRequest): Promise<TakenPath> {
  const key = keys.route(request.fullPath);
  const put = itemOf(key, request.route);
  const found = await readRoute(registry.table, request.fullPath);
  if (!found) return { write: { put, when: { exists: false } }, succeeds: [] };
  if (!isFormer(found)) throw pathTaken();
  const reserved = isReserved(found, registry.clock.now());
  if (reserved && !(await mayTake(registry, request, found))) throw pathTaken();
  const { state, since, id } = found;
  const isSuccessor = reserved && found.kind === 'group' && request.route.kind === 'group';
  const succeeds = isSuccessor ? [found.id, ...found.succeeds].slice(0, MAX_SUCCEEDED) : [];
  return { write: { put, when: { equals: { state, since, id } } }, succeeds };
}

/** The error for a path that belongs to others. */
export function pathTaken(): Error {
  return invalidField('path', 'has already been taken');
}

function isFormer(route: StoredRoute): route is FormerRoute {
  return 'state' in route;
}

/**
 * Whether a path reserved for its previous owners may be taken: by the group or project itself, by administrators, by
 * whoever may create in the same namespace, or at the top level by the owners.
 */
async function mayTake(
  registry: Registry,
  { route, parent, by }: PathRequest,
  former: FormerRoute,
): Promise<boolean> {
  if (by.admin || (former.kind === route.kind && former.id === route.id)) return true;
  if (former.parentId !== null || parent) return isIn(parent, former.parentId);
  return by.userId !== undefined && ownsFormer(registry, former, by.userId);
}

/** Whether a parent is the namespace of a reserved path, or has taken the place of that namespace. */
function isIn(parent: Group | undefined, parentId: number | null): boolean {
  if (!parent || parentId === null) return false;
  return parent.id === parentId || (parent.succeeds ?? []).includes(parentId);
}

/**
 * Whether a user owns the group that had a top-level path, or did when it was deleted: under that path, or under a later
 * one with other owners than at its renaming.
 */
async function ownsFormer(
  { table, clock }: Registry,
  { id, state, owners }: FormerRoute,
  userId: number,
): Promise<boolean> {
  const [group, membership] = [keys.group(id), keys.member({ kind: 'group', id }, userId)];
  const last = keys.lastOwners(id);
  const items = await readItems(table, [group, membership, last]);
  if (!items.get<Group>(group)) {
    return (state === 'deleted' ? owners : (items.get<LastOwners>(last)?.owners ?? [])).includes(userId);
  }
  const member = items.get<Membership>(membership);
  return member !== undefined && member.level >= levels.owner && !hasExpired(member, clock.now());
}
