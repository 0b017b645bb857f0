import { LRUCache } from 'lru-cache';
import type { Group, Project, User } from '../../domain/accounts.ts';
import { type FullPath, parseFullPath } from '../../domain/names.ts';
import type { Table, TableReader } from '../../ports/table.ts';
import { maybeEntity } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readMany } from '../records/read-many.ts';
import { type Route, readRoute, type StoredRoute } from './routes.ts';

const routeCaches = new WeakMap<Table, LRUCache<string, Route>>();

/**
 * The route of a full path. Routes are cached, so callers must check that the group or project still has the
 * path, as `locateByPath` does. `fresh` is true if the route was read from the table, as it always is of a path
 * that leads to another one, because anybody may take such a path some day.
 */
async function routeOf(
  table: Table,
  path: FullPath,
): Promise<{ route: StoredRoute; fresh: boolean } | undefined> {
  const cache = routesOf(table);
  const lower = path.toLowerCase();
  const cached = cache.get(lower);
  if (cached) return { route: cached, fresh: false };
  const route = await readRoute(table, path);
  if (!route || ('state' in route && route.state === 'deleted')) return undefined;
  if (!isMoved(route)) cache.set(lower, { kind: route.kind, id: route.id });
  return { route, fresh: true };
}

function routesOf(table: Table): LRUCache<string, Route> {
  let cache = routeCaches.get(table);
  if (!cache) {
    cache = new LRUCache({ max: 10_000 });
    routeCaches.set(table, cache);
  }
  return cache;
}

/** A project or group found by its id or a path. */
export interface Located<T> {
  readonly entity: T;
  /** Whether it has another path now, to which the requested one leads. */
  readonly moved: boolean;
}

async function locateByPath<T extends { readonly fullPath: string }>(
  table: Table,
  path: FullPath,
  accepts: (route: Route) => boolean,
  load: (id: number) => Promise<T | undefined>,
  attempts = 4,
): Promise<Located<T> | undefined> {
  const found = attempts > 0 ? await routeOf(table, path) : undefined;
  if (!found) return undefined;
  const { route, fresh } = found;
  const entity = accepts(route) ? await load(route.id) : undefined;
  if (entity?.fullPath.toLowerCase() === path.toLowerCase()) return { entity, moved: false };
  if (isMoved(route)) return entity && { entity, moved: true };
  if (fresh && !accepts(route)) return undefined;
  // The route was cached, or the path has just changed.
  routesOf(table).delete(path.toLowerCase());
  return locateByPath(table, path, accepts, load, attempts - 1);
}

function isMoved(route: StoredRoute): boolean {
  return 'state' in route && route.state === 'moved';
}

async function locate<T extends { readonly fullPath: string }>(
  table: Table,
  idOrPath: string,
  accepts: (route: Route) => boolean,
  load: (id: number) => Promise<T | undefined>,
): Promise<Located<T> | undefined> {
  if (/^[1-9]\d{0,15}$/.test(idOrPath)) {
    const entity = await load(Number(idOrPath));
    return entity && { entity, moved: false };
  }
  const path = parseFullPath(idOrPath);
  return path && locateByPath(table, path, accepts, load);
}

/** The project with this id, this full path (decoded), or a path that leads to it. */
export function locateProject(table: Table, idOrPath: string): Promise<Located<Project> | undefined> {
  const load = async (id: number) => maybeEntity<Project>(await table.get(keys.project(id)));
  return locate(table, idOrPath, (route) => route.kind === 'project', load);
}

/** A project found by a path that begins with its own. */
export interface LocatedProject extends Located<Project> {
  /** What follows the project's path, without the slash between them; empty if nothing does. */
  readonly rest: string;
}

/** The most segments of a path that may belong to the path of a project: groups nest up to 20 levels deep. */
const MAX_SEGMENTS = 22;

/**
 * The project whose full path a path begins with. At most one is: nothing is below a project. A project that is known to the
 * process takes one round trip, another one two: the routes of all beginnings of the path, then the project.
 */
export async function locateProjectOn(table: Table, path: string): Promise<LocatedProject | undefined> {
  const segments = path.split('/');
  const count = Math.min(segments.length, MAX_SEGMENTS) - 1;
  const prefixes = Array.from({ length: Math.max(count, 0) }, (_, index) =>
    segments.slice(0, index + 2).join('/'),
  );
  const known = prefixes.filter((prefix) => routesOf(table).get(prefix.toLowerCase())?.kind === 'project');
  const found = await firstProject(table, segments, known);
  if (found) return found;
  const paths = prefixes.flatMap((prefix) => parseFullPath(prefix) ?? []);
  const routes = await readMany(
    table,
    paths.map((each) => keys.route(each)),
  );
  return firstProject(
    table,
    segments,
    paths.filter((_, index) => routes[index]?.kind === 'project'),
  );
}

async function firstProject(
  table: Table,
  segments: readonly string[],
  paths: readonly string[],
): Promise<LocatedProject | undefined> {
  for (const path of paths) {
    const located = await locateProject(table, path);
    if (located) return { ...located, rest: segments.slice(path.split('/').length).join('/') };
  }
  return undefined;
}

/** The group or user namespace with this id, this full path (decoded), or a path that leads to it. */
export function locateGroup(table: Table, idOrPath: string): Promise<Located<Group> | undefined> {
  const load = async (id: number) => {
    const group = maybeEntity<Group>(await table.get(keys.group(id)));
    return group?.removing ? undefined : group;
  };
  return locate(table, idOrPath, (route) => route.kind !== 'project', load);
}

/** The project with this id or full path (decoded), or undefined. */
export async function findProject(table: Table, idOrPath: string): Promise<Project | undefined> {
  const found = await locateProject(table, idOrPath);
  return found?.moved ? undefined : found?.entity;
}

/** The group or user namespace with this id or full path (decoded), or undefined. */
export async function findGroup(table: Table, idOrPath: string): Promise<Group | undefined> {
  const found = await locateGroup(table, idOrPath);
  return found?.moved ? undefined : found?.entity;
}

/** The user with this id, or undefined. */
export async function findUser(table: TableReader, id: number): Promise<User | undefined> {
  return maybeEntity<User>(await table.get(keys.user(id)));
}

/** The user with this name, or undefined. */
export async function findUserByName(table: Table, username: string): Promise<User | undefined> {
  const path = parseFullPath(username);
  const route = path && (await readRoute(table, path));
  return route?.kind === 'user' ? findUser(table, Number(route.userId)) : undefined;
}
