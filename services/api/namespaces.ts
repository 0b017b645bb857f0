import type { Hono } from 'hono';
import * as z from 'zod';
import { levels } from '../domain/access.ts';
import type { Group } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import { type FullPath, parseFullPath } from '../domain/names.ts';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { findGroup, locateGroup } from '../registry/accounts/find-accounts.ts';
import { filtered, groupsById, memberGroups, walkGroups } from '../registry/accounts/list-accounts.ts';
import { membershipsOf } from '../registry/accounts/memberships.ts';
import { isOccupied, readRoute, type StoredRoute } from '../registry/accounts/routes.ts';
import { maybeEntity } from '../registry/records/entities.ts';
import { keys } from '../registry/records/keys.ts';
import { namespaceJson } from './json/account-json.ts';
import { namespaceMatches } from './list-groups.ts';
import { pageOf, paging, sortedRows } from './paginate.ts';
import { flag, integer, readParams, text } from './params.ts';
import { type ApiContext, checkGroup, requirePath, scopes, signedIn } from './request.ts';

const listParams = z.object({
  ...paging,
  search: text.optional(),
  owned_only: flag.default(false),
  top_level_only: flag.default(false),
});

/** `/namespaces`: the caller's groups and personal namespace, and whether a path is taken. */
export function namespaceRoutes(app: Hono<CallEnv>): void {
  app.get('/namespaces', listNamespaces);
  app.get('/namespaces/:id', showNamespace);
  app.get('/namespaces/:path/exists', namespaceExists);
}

async function listNamespaces(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.read);
  const input = await readParams(c, listParams);
  const { registry } = c.env;
  const memberships = await membershipsOf(registry, principal);
  async function* candidates(): AsyncGenerator<Group> {
    yield* (await groupsById(registry, [principal.user.namespaceId])).values();
    if (principal.user.admin && !input.owned_only) yield* walkGroups(registry);
    else yield* await memberGroups(registry, memberships.direct);
  }
  const found = filtered(candidates(), (namespace) => {
    if (input.top_level_only && namespace.parentId !== null) return false;
    if (input.owned_only && memberships.levelIn(namespace, 'group') < levels.owner) return false;
    return namespaceMatches(namespace, input.search);
  });
  const { rows, headers } = await pageOf(
    c,
    input,
    sortedRows(found, { by: (namespace) => namespace.fullPath, id: ({ id }) => id, descending: false }),
  );
  return replyJson(
    c,
    200,
    rows.map((namespace) => renderNamespace(c, namespace)),
    headers,
  );
}

async function showNamespace(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.read);
  const located = await locateGroup(c.env.registry.table, c.req.param('id') ?? '');
  const missing = new RegistryError('groupNotFound', 'Namespace Not Found');
  if (!located) throw missing;
  const namespace = located.entity;
  await checkGroup(c, 'view', principal, namespace, missing);
  requirePath(c, located);
  return replyJson(c, 200, renderNamespace(c, namespace));
}

async function namespaceExists(c: ApiContext): Promise<Response> {
  await signedIn(c, scopes.read);
  const { parent_id: parentId } = await readParams(c, z.object({ parent_id: integer.optional() }));
  const { table } = c.env.registry;
  const path = c.req.param('path') ?? '';
  const parent = parentId === undefined ? undefined : await findGroup(table, String(parentId));
  const full = parseFullPath(parent ? `${parent.fullPath}/${path}` : path);
  if (!full) return replyJson(c, 200, { exists: false, suggests: [] });
  const exists = isOccupied(await readRoute(table, full), c.env.registry.clock.now());
  return replyJson(c, 200, { exists, suggests: exists ? await suggestions(c, full) : [] });
}

/** Suggests a similar path that is still free. */
async function suggestions(c: ApiContext, path: FullPath): Promise<string[]> {
  const candidates = Array.from(
    { length: 10 },
    (_, index) => parseFullPath(`${path}${index + 1}`) ?? [],
  ).flat();
  const { table, clock } = c.env.registry;
  const items = await table.getMany(candidates.map((each) => keys.route(each)));
  const free = candidates.find(
    (_, index) => !isOccupied(maybeEntity<StoredRoute>(items[index]), clock.now()),
  );
  return free === undefined ? [] : [free.slice(free.lastIndexOf('/') + 1)];
}

function renderNamespace(c: ApiContext, namespace: Group) {
  return {
    ...namespaceJson(c.env.registry.settings.url, namespace),
    billable_members_count: null,
    plan: 'default',
  };
}
