/** Lists of groups: all groups, and the groups in a group. Namespaces share the search. */
import * as z from 'zod';
import { levels, visibilities } from '../domain/access.ts';
import type { Group, Principal } from '../domain/accounts.ts';
import { replyJson } from '../http/answer/reply.ts';
import { authorizeGroup } from '../registry/access/authorize.ts';
import { groupsAbove } from '../registry/access/visible-group.ts';
import {
  filtered,
  groupsById,
  memberGroups,
  mergedById,
  type Walk,
  walkGroups,
} from '../registry/accounts/list-accounts.ts';
import { type Memberships, membershipsOf } from '../registry/accounts/memberships.ts';
import { groupJson } from './json/account-json.ts';
import { openTo } from './list-projects.ts';
import { pageOf, paging, rowsById, sortedRows } from './paginate.ts';
import { flag, integer, listOf, readParams, text } from './params.ts';
import { type ApiContext, callerOf, scopes } from './request.ts';

const params = z.object({
  ...paging,
  search: text.optional(),
  owned: flag.default(false),
  min_access_level: integer.optional(),
  top_level_only: flag.default(false),
  all_available: flag.optional(),
  visibility: z.enum(visibilities).optional(),
  skip_groups: listOf(integer).default([]),
  order_by: z.enum(['name', 'path', 'id', 'similarity']).default('name'),
  sort: z.enum(['asc', 'desc']).default('asc'),
});

type GroupListParams = z.infer<typeof params>;

/**
 * `GET /groups`: the groups that the user is a member of, or with `all_available` all groups visible to the user.
 */
export async function listGroups(c: ApiContext): Promise<Response> {
  const principal = await callerOf(c, scopes.read);
  const input = await readParams(c, params);
  const memberships = await membershipsOf(c.env.registry, principal);
  const { registry } = c.env;
  const everything = input.all_available ?? (principal.kind !== 'user' || principal.user.admin);
  const isNarrow = input.owned || input.min_access_level !== undefined || !everything;
  const narrowed = principal.kind === 'user' && isNarrow;
  const above = await groupsAbove(registry, principal);
  const passes = groupFilter({ principal, memberships, above }, input);
  const open = openTo(principal);
  const candidates = await candidatesOf();
  return replyPage(c, input, (walk) => filtered(candidates(walk), passes));

  async function candidatesOf(): Promise<(walk: Walk) => AsyncIterable<Group>> {
    if (!open && !narrowed) return (walk) => walkGroups(registry, walk);
    const own = await memberGroups(registry, memberships.direct);
    if (!open || narrowed) return (walk) => inIds(own, walk);
    own.push(...(await groupsById(registry, [...above])).values());
    return (walk) => mergedById([walkGroups(registry, walk, open), inIds(own, walk)], walk);
  }
}

/**
 * Replies with those of the groups that match the request and are visible to the caller. `walk` reads the groups by id.
 */
export async function replyGroups(
  c: ApiContext,
  principal: Principal,
  walk: (walk: Walk) => AsyncIterable<Group>,
): Promise<Response> {
  const input = await readParams(c, params);
  const memberships = await membershipsOf(c.env.registry, principal);
  const above = await groupsAbove(c.env.registry, principal);
  const passes = groupFilter({ principal, memberships, above }, input);
  return replyPage(c, input, (each) => filtered(walk(each), passes));
}

/** Groups that have been read, as part of a range of ids. */
export async function* inIds(
  groups: readonly Group[],
  { after, descending = false }: Walk,
): AsyncGenerator<Group> {
  const direction = descending ? -1 : 1;
  for (const group of [...groups].sort((a, b) => (a.id - b.id) * direction)) {
    if (after === undefined || (group.id - after) * direction > 0) yield group;
  }
}

/**
 * Whether a search matches part of a namespace's name or path or, if the search contains a slash, of its full
 * path.
 */
export function namespaceMatches({ name, path, fullPath }: Group, search: string | undefined): boolean {
  if (search === undefined) return true;
  const where = search.includes('/') ? fullPath : `${name}\n${path}`;
  return where.toLowerCase().includes(search.toLowerCase());
}

/** Who asks for groups. */
interface Viewer {
  readonly principal: Principal;
  readonly memberships: Memberships;
  /** See `groupsAbove`. */
  readonly above: ReadonlySet<number>;
}

function groupFilter(
  { principal, memberships, above }: Viewer,
  input: GroupListParams,
): (group: Group) => boolean {
  const minLevel = Math.max(input.min_access_level ?? 0, input.owned ? levels.owner : 0);
  const skipped = new Set(input.skip_groups);
  return (group) => {
    if (skipped.has(group.id) || (input.top_level_only && group.parentId !== null)) return false;
    if (input.visibility !== undefined && group.visibility !== input.visibility) return false;
    if (!namespaceMatches(group, input.search)) return false;
    const level = memberships.levelIn(group, 'group');
    if (level < minLevel) return false;
    return above.has(group.id) || authorizeGroup('view', principal, group, level) === 'allow';
  };
}

async function replyPage(
  c: ApiContext,
  input: GroupListParams,
  walk: (walk: Walk) => AsyncIterable<Group>,
): Promise<Response> {
  const { order_by: order } = input;
  const descending = input.sort === 'desc';
  const id = (group: Group) => group.id;
  const inOrder =
    order === 'name' || order === 'path'
      ? sortedRows(walk({}), { by: (group) => group[order], id, descending })
      : rowsById(input, descending, id, walk);
  const { rows, headers } = await pageOf(c, input, inOrder);
  const { url } = c.env.registry.settings;
  return replyJson(
    c,
    200,
    rows.map((group) => groupJson(url, group)),
    headers,
  );
}
