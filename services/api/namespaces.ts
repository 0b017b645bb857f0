import type { Hono } from 'hono';
import * as z from 'zod';
import { levels } from '../domain/access.ts';
import type { Group } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { findGroup, locateGroup } from '../registry/accounts/find-accounts.ts';
import { filtered, groupsById, memberGroups, walkGroups } from '../registry/accounts/list-accounts.ts';
import { membershipsOf } from '../registry/accounts/memberships.ts';
import { namespaceJson } from './json/account-json.ts';
import { namespaceMatches } from './list-groups.ts';
import { pageOf, paging, sortedRows } from './paginate.ts';
import { flag, integer, readParams, text } from './params.ts';
import {
  type ApiContext,
  checkGroup,
  requirePath,
  type SignedIn,
  scopes,
  seesGroup,
  signedIn,
} from './request.ts';

/** The highest number that is appended to a taken path to suggest another one. */
const MAX_SUGGESTION = 10;

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

/**
 * Whether a user or group that the caller may see has the path. Hidden groups are treated as absent, so a path that
 * does not exist here may still be taken.
 */
async function namespaceExists(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.read);
  const { parent_id: parentId } = await readParams(c, z.object({ parent_id: integer.optional() }));
  const parent = parentId === undefined ? undefined : await visibleNamespace(c, principal, String(parentId));
  const path = c.req.param('path') ?? '';
  const fullPath = parent ? `${parent.fullPath}/${path}` : path;
  const searched = parentId === undefined || parent !== undefined;
  const exists = searched && (await isTaken(c, principal, fullPath));
  return replyJson(c, 200, { exists, suggests: exists ? await suggestions(c, principal, fullPath) : [] });
}

/** The user or group with this id or full path, if the caller may see it. */
async function visibleNamespace(
  c: ApiContext,
  principal: SignedIn,
  idOrPath: string,
): Promise<Group | undefined> {
  const namespace = await findGroup(c.env.registry.table, idOrPath);
  return namespace && (await seesGroup(c, principal, namespace)) ? namespace : undefined;
}

async function isTaken(c: ApiContext, principal: SignedIn, fullPath: string): Promise<boolean> {
  // No path consists of digits only; the lookup would take them for an id.
  return !/^\d*$/.test(fullPath) && (await visibleNamespace(c, principal, fullPath)) !== undefined;
}

/** Suggests a similar path that no user or group visible to the caller has. */
async function suggestions(c: ApiContext, principal: SignedIn, fullPath: string): Promise<string[]> {
  for (let number = 1; number <= MAX_SUGGESTION; number++) {
    const free = `${fullPath}${number}`;
    if (!(await isTaken(c, principal, free))) return [free.slice(free.lastIndexOf('/') + 1)];
  }
  return [];
}

function renderNamespace(c: ApiContext, namespace: Group) {
  return {
    ...namespaceJson(c.env.registry.settings.url, namespace),
    billable_members_count: null,
    plan: 'default',
  };
}
