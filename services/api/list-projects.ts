/** Shared by all lists of projects: parameters, filters, and output. */
import * as z from 'zod';
import { levels, type Visibility, visibilities } from '../domain/access.ts';
import type { Principal, Project } from '../domain/accounts.ts';
import { replyJson } from '../http/answer/reply.ts';
import { authorizeProject } from '../registry/access/authorize.ts';
import { groupsById, type Walk } from '../registry/accounts/list-accounts.ts';
import { type Memberships, membershipsOf } from '../registry/accounts/memberships.ts';
import { projectJson, simpleProjectJson } from './json/account-json.ts';
import { pageOf, paging, type Rows, rowsById, sortedRows } from './paginate.ts';
import { flag, integer, text } from './params.ts';
import type { ApiContext } from './request.ts';

const orders = ['id', 'name', 'path', 'created_at', 'updated_at', 'last_activity_at', 'similarity'] as const;

/** The parameters of a list of projects. */
export const projectListParams = z.object({
  ...paging,
  search: text.optional(),
  search_namespaces: flag.default(false),
  visibility: z.enum(visibilities).optional(),
  archived: flag.optional(),
  owned: flag.default(false),
  membership: flag.default(false),
  min_access_level: integer.optional(),
  simple: flag.default(false),
  order_by: z.enum(orders).default('created_at'),
  sort: z.enum(['asc', 'desc']).default('desc'),
});

/** See `projectListParams`. */
export type ProjectListParams = z.infer<typeof projectListParams>;

/** The minimum access level that a list filters projects by; 0 without such a filter. */
export function minLevelOf({ owned, min_access_level = 0 }: ProjectListParams): number {
  return Math.max(min_access_level, owned ? levels.owner : 0);
}

/** Creates the filter for the projects that a list shows to the caller. Also returns the caller's memberships. */
export async function projectFilter(
  c: ApiContext,
  principal: Principal,
  params: ProjectListParams,
): Promise<{ passes: (project: Project) => boolean; memberships: Memberships }> {
  const memberships = await membershipsOf(c.env.registry, principal);
  const minLevel = minLevelOf(params);
  const passes = (project: Project): boolean => {
    if (params.visibility !== undefined && project.visibility !== params.visibility) return false;
    if (params.archived !== undefined && project.archived !== params.archived) return false;
    if (params.search !== undefined && !matches(project, params)) return false;
    const level = memberships.levelIn(project, 'project');
    return level >= minLevel && authorizeProject('view', principal, project, level) === 'allow';
  };
  return { passes, memberships };
}

/**
 * The visibilities of the projects and groups that a caller sees without a role in them. Undefined for administrators and
 * deploy tokens, whose rights do not come from roles.
 */
export function openTo(principal: Principal): readonly Visibility[] | undefined {
  if (principal.kind === 'anonymous') return ['public'];
  return principal.kind === 'user' && !principal.user.admin ? ['public', 'internal'] : undefined;
}

function matches(project: Project, { search = '', search_namespaces }: ProjectListParams): boolean {
  const part = search.toLowerCase();
  const texts = [project.name, project.path, project.description, search_namespaces ? project.fullPath : ''];
  return texts.some((each) => each.toLowerCase().includes(part));
}

/**
 * Replies with the requested page of projects. `walk` reads them by id, which is the order in which they were created.
 */
export async function replyProjects(
  c: ApiContext,
  params: ProjectListParams,
  walk: (walk: Walk) => AsyncIterable<Project>,
): Promise<Response> {
  const { order_by: order } = params;
  const descending = params.sort === 'desc';
  const id = (project: Project) => project.id;
  const inOrder: Rows<Project> = isById(order)
    ? {
        ...rowsById(params, descending, id, walk),
        next: (last) => ({ [descending ? 'id_before' : 'id_after']: String(last.id) }),
      }
    : sortedRows(walk({}), { by: (project) => orderValue(project, order), id, descending });
  const { rows, headers } = await pageOf(c, params, inOrder);
  const { settings } = c.env.registry;
  const namespaces = await groupsById(
    c.env.registry,
    rows.map(({ namespaceId }) => namespaceId),
  );
  const show = params.simple ? simpleProjectJson : projectJson;
  const shown = rows.map((project) => show(settings.url, project, namespaces.get(project.namespaceId)));
  return replyJson(c, 200, shown, headers);
}

type SortedOrder = 'name' | 'path' | 'updated_at' | 'last_activity_at';

/** Whether an order is that of the ids. */
function isById(
  order: ProjectListParams['order_by'],
): order is Exclude<ProjectListParams['order_by'], SortedOrder> {
  return order === 'id' || order === 'created_at' || order === 'similarity';
}

function orderValue(project: Project, order: SortedOrder): string | number {
  return order === 'name' || order === 'path' ? project[order] : project.updatedAt;
}
