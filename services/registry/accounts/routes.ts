/** Routes: what a full path belongs to, or used to belong to. */
import { createHash } from 'node:crypto';
import type { Group, Project } from '../../domain/accounts.ts';
import type { FullPath } from '../../domain/names.ts';
import type { TableReader, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf, maybeEntity } from '../records/entities.ts';
import { indexes, inIndex2, keys, padId, ranges } from '../records/keys.ts';
import { ownersOf } from './last-owners.ts';

/** The user namespace, group or project that a full path belongs to. */
export interface Route {
  readonly kind: 'user' | 'group' | 'project';
  /** The id of the user's namespace, the group or the project. */
  readonly id: number;
  /** The id of the user. */
  readonly userId?: number;
}

/** The route of a path that its group or project no longer has. */
export interface FormerRoute extends Route {
  /** `deleted` with the group or project, or `moved`: it has another path now, to which reads of this one lead. */
  readonly state: 'deleted' | 'moved';
  readonly path: FullPath;
  /** When it was deleted or moved, in milliseconds since the epoch. */
  readonly since: number;
  /** Until when only previous owners may take the path. */
  readonly until: number;
  /** The namespace the path is in; null at the top level. */
  readonly parentId: number | null;
  /** The owners of a group at the top level when it was deleted; empty while it exists. */
  readonly owners: readonly number[];
  /** The former namespaces whose reserved paths below belonged to it. */
  readonly succeeds: readonly number[];
}

/** A route as it is stored. */
export type StoredRoute = Route | FormerRoute;

/** Reads the route of a path; undefined if there is none. */
export async function readRoute(table: TableReader, path: FullPath): Promise<StoredRoute | undefined> {
  return maybeEntity<StoredRoute>(await table.get(keys.route(path)));
}

/** Returns the id of what reads of a path lead to, also under a former path; undefined if it is gone. */
export function leadsTo(route: StoredRoute | undefined): number | undefined {
  return route && !('state' in route && route.state === 'deleted') ? route.id : undefined;
}

/** Whether a path can be taken only by its previous owners at `now`. */
export function isReserved({ until }: FormerRoute, now: number): boolean {
  return now < until;
}

/**
 * Returns the write that gives up the path of a group or project, for the transaction that deletes or renames it. A
 * path under which packages were published stays reserved for some time; that of a rename leads to the new one.
 */
export async function leavePath(
  registry: Registry,
  entity: Group | Project,
  state: FormerRoute['state'],
): Promise<Write> {
  const key = keys.route(entity.fullPath);
  const now = registry.clock.now();
  const period = entity.published ? registry.settings.pathReservation : 0;
  if (state === 'deleted' && period === 0) return { delete: key };
  const until = now + period;
  const route: FormerRoute = {
    ...placeOf(entity),
    state,
    path: entity.fullPath,
    since: now,
    until,
    owners: state === 'deleted' && isTopLevel(entity) ? await ownersOf(registry, entity.id) : [],
  };
  return { put: itemOf(key, route, inIndex2(indexes.formerRoutes.pk, sortKey(route))) };
}

function isTopLevel(entity: Group | Project): boolean {
  return !('namespaceId' in entity) && entity.parentId === null;
}

function placeOf(entity: Group | Project): Pick<FormerRoute, 'kind' | 'id' | 'parentId' | 'succeeds'> {
  const { id } = entity;
  if ('namespaceId' in entity) return { kind: 'project', id, parentId: entity.namespaceId, succeeds: [] };
  return { kind: 'group', id, parentId: entity.parentId, succeeds: entity.succeeds ?? [] };
}

/** Former routes are sorted by the end of their reservation. A digest replaces the path, which can be too long. */
function sortKey({ until, path }: FormerRoute): string {
  return `${padId(until)}#${createHash('sha256').update(path.toLowerCase()).digest('hex')}`;
}

/** Whether packages were ever published to a project, as far as its records tell. */
export async function hasPublished(
  { table }: Pick<Registry, 'table'>,
  { id, published }: Project,
): Promise<boolean> {
  if (published) return true;
  // Projects that published before this was recorded.
  const pages = await Promise.all(
    [ranges.packageIds(id), indexes.removedIn(id)].map((range) => table.query({ ...range, limit: 1 })),
  );
  return pages.some(({ items }) => items.length > 0);
}
