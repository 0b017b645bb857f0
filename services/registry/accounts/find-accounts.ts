import { LRUCache } from 'lru-cache';
import type { Group, Project, User } from '../../domain/accounts.ts';
import { parseFullPath } from '../../domain/names.ts';
import type { Table, TableReader } from '../../ports/table.ts';
import { maybeEntity } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { type Route, readRoute } from './routes.ts';

const routeCaches = new WeakMap<Table, LRUCache<string, Route>>();

/**
 * The route of a full path. Routes are cached, so callers must check that the group or project still has the
 * path, as `findProject` and `findGroup` do. `fresh` is true if the route was read from the table.
 */
async function routeOf(table: Table, path: string): Promise<{ route: Route; fresh: boolean } | undefined> {
  const cache = routesOf(table);
  const lower = path.toLowerCase();
  const cached = cache.get(lower);
  if (cached) return { route: cached, fresh: false };
  const fullPath = parseFullPath(path);
  const route = fullPath && (await readRoute(table, fullPath));
  if (!route || ('state' in route && route.state === 'deleted')) return undefined;
  cache.set(lower, { kind: route.kind, id: route.id });
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

async function findByPath<T extends { readonly fullPath: string }>(
  table: Table,
  path: string,
  accepts: (route: Route) => boolean,
  load: (id: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const found = await routeOf(table, path);
  if (!found) return undefined;
  const entity = accepts(found.route) ? await load(found.route.id) : undefined;
  if (entity?.fullPath.toLowerCase() === path.toLowerCase()) return entity;
  if (found.fresh) return undefined;
  routesOf(table).delete(path.toLowerCase());
  return findByPath(table, path, accepts, load);
}

function numericId(idOrPath: string): number | undefined {
  return /^[1-9]\d{0,15}$/.test(idOrPath) ? Number(idOrPath) : undefined;
}

/** The project with this id or full path (decoded), or undefined. */
export async function findProject(table: Table, idOrPath: string): Promise<Project | undefined> {
  const load = async (id: number) => maybeEntity<Project>(await table.get(keys.project(id)));
  const id = numericId(idOrPath);
  if (id !== undefined) return load(id);
  return findByPath(table, idOrPath, (route) => route.kind === 'project', load);
}

/** The group or user namespace with this id or full path (decoded), or undefined. */
export async function findGroup(table: Table, idOrPath: string): Promise<Group | undefined> {
  const load = async (id: number) => maybeEntity<Group>(await table.get(keys.group(id)));
  const id = numericId(idOrPath);
  if (id !== undefined) return load(id);
  return findByPath(table, idOrPath, (route) => route.kind !== 'project', load);
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
