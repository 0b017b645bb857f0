import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { parseFullPath } from '../../domain/names.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { indexes, keys, padId } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { readMany } from '../records/read-many.ts';
import { accountEvent } from './account-event.ts';
import { type FormerRoute, isReserved, readRoute } from './routes.ts';

/** A reserved path, and its position in the list of all of them. */
export interface ReservedPath {
  readonly route: FormerRoute;
  readonly position: string;
}

/** Whether a text is the position of a path in the list of reserved paths. */
export function isReservedPosition(text: string): boolean {
  return /^\d{16}#[0-9a-f]{64}$/.test(text);
}

/** Lists paths that are reserved for their previous owners, by the end of the reservation, after a position. */
export async function listReservedPaths(
  { table, clock }: Registry,
  { limit, after = padId(clock.now() + 1) }: { readonly limit: number; readonly after?: string | undefined },
): Promise<ReservedPath[]> {
  const { items } = await table.query({ ...indexes.formerRoutes, after, limit });
  return items.map((item) => ({ route: entityOf<FormerRoute>(item), position: String(item.index2sk) }));
}

/**
 * Releases a reserved path, so that anybody may take it. If its group or project was renamed, the path no longer leads to
 * the new one.
 * @throws RegistryError `notFound` if the path is not reserved
 */
export async function releasePath(registry: Registry, path: string, actor: Actor): Promise<void> {
  const now = registry.clock.now();
  const fullPath = parseFullPath(path);
  const route = fullPath && (await readRoute(registry.table, fullPath));
  if (!route || !('state' in route) || !isReserved(route, now)) throw notReserved();
  const { kind, id } = route;
  try {
    await registry.table.write([
      dropped(route),
      ...accountEvent(now, {
        type: 'path_released',
        actor,
        owner: { kind, id, path: route.path },
        name: route.path,
        details: {},
      }),
    ]);
  } catch (error) {
    throw error instanceof ConditionFailed ? notReserved() : error;
  }
}

function notReserved(): RegistryError {
  return new RegistryError('notFound', 'The path is not reserved');
}

/** The write that deletes a former route, unless the path was taken in the meantime. */
function dropped({ path, state, since, id }: FormerRoute): Write {
  return { delete: keys.route(path), when: { equals: { state, since, id } } };
}

/**
 * Deletes the reservations that are over, until `signal` aborts. A path that leads to a renamed group or project keeps
 * doing so until somebody takes it, or the group or project is deleted.
 */
export async function purgeFormerPaths(registry: Registry, signal?: AbortSignal): Promise<void> {
  const end = padId(registry.clock.now() + 1);
  for await (const items of queryPages(registry.table, indexes.formerRoutes)) {
    const over = items.filter(({ index2sk = '' }) => index2sk < end);
    const routes = over.map((item) => entityOf<FormerRoute>(item));
    const targets = await readMany(
      registry.table,
      routes.map(({ kind, id }) => (kind === 'project' ? keys.project(id) : keys.group(id))),
    );
    for (const [index, route] of routes.entries()) {
      if (signal?.aborted) return;
      if (route.state === 'deleted' || !targets[index]) await dropUnlessTaken(registry, route);
    }
    if (over.length < items.length) return;
  }
}

async function dropUnlessTaken(registry: Registry, route: FormerRoute): Promise<void> {
  try {
    await registry.table.write([dropped(route)]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
