/** The lists of packages of a project and of a group. */
import * as z from 'zod';
import { catalog } from '../catalog.ts';
import { type PackageStatus, packageStatuses } from '../domain/packages.ts';
import { replyJson } from '../http/answer/reply.ts';
import { type ReadableProject, readableAmong } from '../registry/access/readable-projects.ts';
import { descendantsOf, projectsIn } from '../registry/accounts/list-accounts.ts';
import { downloadsOf } from '../registry/downloads/count-downloads.ts';
import type { PackagePointer } from '../registry/records/entities.ts';
import { listPackages, type PackageFilter, readVersions, tagsOf } from '../registry/search/list-packages.ts';
import { packageJson, packageTypeOf } from './json/package-json.ts';
import { paginate, paging } from './paginate.ts';
import { flag, readParams, text } from './params.ts';
import { type ApiContext, openGroup, openProject, scopes } from './request.ts';

const types: readonly string[] = catalog.map(({ packageType }) => packageType);

const projectParams = z.object({
  ...paging,
  package_type: z.enum(types).optional(),
  package_name: text.optional(),
  package_version: text.optional(),
  include_versionless: flag.default(false),
  status: z.enum(packageStatuses).optional(),
  order_by: z.enum(['created_at', 'name', 'version', 'type']).default('created_at'),
  sort: z.enum(['asc', 'desc']).default('asc'),
});

const groupParams = projectParams.extend({
  exclude_subgroups: flag.default(false),
  order_by: z.enum(['created_at', 'name', 'version', 'type', 'project_path']).default('created_at'),
});

type ListParams = Omit<z.infer<typeof groupParams>, 'exclude_subgroups'>;

/** The statuses that lists show unless the request filters by status. */
const defaultStatuses: ReadonlySet<PackageStatus> = new Set(['default', 'deprecated', 'error']);

/** `GET /projects/:id/packages`. */
export async function listProjectPackages(c: ApiContext): Promise<Response> {
  const opened = await openProject(c, 'pull', scopes.readPackages);
  return replyPackages(c, await readParams(c, projectParams), [opened], false);
}

/** `GET /groups/:id/packages`: the packages of those projects in the group that the caller may pull from. */
export async function listGroupPackages(c: ApiContext): Promise<Response> {
  const { group, principal } = await openGroup(c, 'view', scopes.readPackages);
  const params = await readParams(c, groupParams);
  const { registry } = c.env;
  const below = params.exclude_subgroups ? [] : await descendantsOf(registry, group.id);
  const projects = await projectsIn(registry, [group.id, ...below.map(({ id }) => id)]);
  return replyPackages(c, params, await readableAmong(registry, principal, projects), true);
}

async function replyPackages(
  c: ApiContext,
  params: ListParams,
  projects: readonly ReadableProject[],
  inGroup: boolean,
): Promise<Response> {
  const { registry } = c.env;
  const byId = new Map(projects.map((each) => [each.project.id, each]));
  const found = await listPackages(
    registry,
    projects.map(({ project }) => project),
    filterOf(params),
  );
  const { rows, headers } = paginate(c, params, found, {
    by: (row) => orderValue(row, params.order_by, byId),
    id: ({ id }) => id,
    descending: params.sort === 'desc',
  });
  const [versions, tags, downloads] = await Promise.all([
    readVersions(registry, rows),
    tagsOf(registry, rows),
    downloadsOf(
      registry.table,
      rows.map(({ id }) => id),
    ),
  ]);
  const shown = versions.flatMap((version) => {
    const { project, rights } = byId.get(version.projectId) ?? {};
    if (!project || !rights) return [];
    const facts = {
      url: registry.settings.url,
      project,
      tags: tags.get(version.id) ?? [],
      deletable: rights.may('delete'),
      lastDownloadedAt: downloads.get(version.id)?.lastAt ?? null,
    };
    const location = inGroup ? { project_id: project.id, project_path: project.fullPath } : {};
    return [{ ...packageJson(version, facts), ...location }];
  });
  return replyJson(c, 200, shown, headers);
}

function filterOf({ package_type: type, package_name, package_version, status }: ListParams): PackageFilter {
  const formats = catalog.filter(({ packageType }) => packageType === type).map(({ id }) => id);
  return {
    formats: type === undefined ? undefined : new Set<string>(formats),
    name: package_name,
    version: package_version,
    statuses: status === undefined ? defaultStatuses : new Set([status]),
  };
}

function orderValue(
  row: PackagePointer,
  order: ListParams['order_by'],
  projects: ReadonlyMap<number, ReadableProject>,
): string | number {
  switch (order) {
    case 'name':
    case 'version':
      return row[order];
    case 'type':
      return packageTypeOf(row.format);
    case 'project_path':
      return projects.get(row.projectId)?.project.fullPath ?? '';
    case 'created_at':
      return row.createdAt;
  }
}
