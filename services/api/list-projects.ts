/** Shared by all lists of projects: parameters, filters, and output. */
import * as z from 'zod';
import { levels, visibilities } from '../domain/access.ts';
import type { Principal, Project } from '../domain/accounts.ts';
import { replyJson } from '../http/answer/reply.ts';
import { authorizeProject } from '../registry/access/authorize.ts';
import { groupsById } from '../registry/accounts/list-accounts.ts';
import { type Memberships, membershipsOf } from '../registry/accounts/memberships.ts';
import { projectJson, simpleProjectJson } from './json/account-json.ts';
import { type PageOf, paginate, paging } from './paginate.ts';
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

function matches(project: Project, { search = '', search_namespaces }: ProjectListParams): boolean {
  const part = search.toLowerCase();
  const texts = [project.name, project.path, project.description, search_namespaces ? project.fullPath : ''];
  return texts.some((each) => each.toLowerCase().includes(part));
}

/** Sorts projects and replies with the requested page. */
export function replyProjects(
  c: ApiContext,
  params: ProjectListParams,
  projects: readonly Project[],
): Promise<Response> {
  const page = paginate(c, params, projects, {
    by: (project) => orderValue(project, params.order_by),
    id: (project) => project.id,
    descending: params.sort === 'desc',
  });
  return replyProjectPage(c, params, page);
}

/** Replies with a page of projects. */
export async function replyProjectPage(
  c: ApiContext,
  params: ProjectListParams,
  { rows, headers }: PageOf<Project>,
): Promise<Response> {
  const { settings } = c.env.registry;
  const namespaces = await groupsById(
    c.env.registry,
    rows.map(({ namespaceId }) => namespaceId),
  );
  const show = params.simple ? simpleProjectJson : projectJson;
  const shown = rows.map((project) => show(settings.url, project, namespaces.get(project.namespaceId)));
  return replyJson(c, 200, shown, headers);
}

function orderValue(project: Project, order: ProjectListParams['order_by']): string | number {
  switch (order) {
    case 'name':
    case 'path':
      return project[order];
    case 'created_at':
      return project.createdAt;
    case 'updated_at':
    case 'last_activity_at':
      return project.updatedAt;
    default:
      return project.id;
  }
}
