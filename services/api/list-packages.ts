/** The lists of packages of a project and of a group. */
import * as z from 'zod';
import { catalog } from '../catalog.ts';
import { type PackageStatus, packageStatuses } from '../domain/packages.ts';
import { replyJson } from '../http/answer/reply.ts';
import { searchCompleteness } from '../http/answer/search-completeness.ts';
import { projectReader, readableAmong } from '../registry/access/readable-projects.ts';
import { fewProjectsIn } from '../registry/accounts/list-accounts.ts';
import { downloadsOf } from '../registry/downloads/count-downloads.ts';
import { readVersionsOfRows } from '../registry/packages/read-versions.ts';
import { tagsOf } from '../registry/search/list-packages.ts';
import { type NameScan, newNameScan, packagesNamed } from '../registry/search/packages-named.ts';
import { isPositionInGroup, packagesInGroupByName, positionInGroup } from '../registry/search/walk-names.ts';
import {
  hasOrder,
  isPositionIn,
  type ListedIn,
  type PackageFilter,
  type PackageOrder,
  type PackageRow,
  positionIn,
  walkPackages,
} from '../registry/search/walk-packages.ts';
import type { Position } from './cursor.ts';
import { packageJson, packageTypeOf } from './json/package-json.ts';
import { COUNTED_AT_ONCE, pageOf, paging, type Rows, sortedRows } from './paginate.ts';
import { flag, readParams, text, unlessBlank } from './params.ts';
import { type ApiContext, openGroup, openProject, scopes } from './request.ts';

/** Up to this many projects in a group are read one by one; of more, all packages of the root namespace are read. */
const FEW_PROJECTS = 50;

const types: readonly string[] = catalog.map(({ packageType }) => packageType);

const projectParams = z.object({
  ...paging,
  package_type: z.enum(types).optional(),
  package_name: unlessBlank(text.optional()),
  package_version: unlessBlank(text.optional()),
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
  return replyPackages(c, await readParams(c, projectParams), { projects: [opened] }, false);
}

/** `GET /groups/:id/packages`: the packages of those projects in the group that the caller may pull from. */
export async function listGroupPackages(c: ApiContext): Promise<Response> {
  const { group, principal } = await openGroup(c, 'view', scopes.readPackages);
  const { exclude_subgroups: directly, ...params } = await readParams(c, groupParams);
  const { registry } = c.env;
  const few = await fewProjectsIn(registry, group, { directly, most: FEW_PROJECTS });
  const where = few
    ? { projects: await readableAmong(registry, principal, few) }
    : { group, directly, reader: projectReader(registry, principal) };
  return replyPackages(c, params, where, true);
}

async function replyPackages(
  c: ApiContext,
  params: ListParams,
  where: ListedIn,
  inGroup: boolean,
): Promise<Response> {
  const { registry } = c.env;
  const scan = newNameScan();
  const { rows, headers } = await pageOf(c, params, rowsOf(c, params, where, scan));
  const pointers = rows.map(({ pointer }) => pointer);
  const [versions, tags, downloads] = await Promise.all([
    readVersionsOfRows(registry, pointers),
    tagsOf(registry, pointers),
    downloadsOf(
      registry.table,
      pointers.map(({ id }) => id),
    ),
  ]);
  const byId = new Map(rows.map((row) => [row.pointer.id, row.in]));
  const shown = versions.flatMap((version) => {
    const { project, rights } = byId.get(version.id) ?? {};
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
  return replyJson(c, 200, shown, { ...headers, ...(scan.complete ? {} : incomplete) });
}

/** The headers of a list that lacks packages: how many there are is not known. */
const incomplete = {
  ...searchCompleteness({ complete: false }),
  'x-total': undefined,
  'x-total-pages': undefined,
};

/** The orders that versions can be read in. */
const indexedOrders: Partial<Record<ListParams['order_by'], PackageOrder>> = {
  created_at: 'id',
  name: 'name',
  type: 'format',
};

/** The rows of a list: read from where the page starts if their order allows it, otherwise sorted. */
function rowsOf(c: ApiContext, params: ListParams, where: ListedIn, scan: NameScan): Rows<PackageRow> {
  const { registry } = c.env;
  const filter = filterOf(params);
  const descending = params.sort === 'desc';
  const order = indexedOrders[params.order_by];
  const id = ({ pointer }: PackageRow) => pointer.id;
  if (order !== undefined && filter.name === undefined) {
    const walkFrom = (after: Position | undefined, atOnce: number) =>
      ({ descending, formats, after: after && String(after[0]), atOnce }) as const;
    if (hasOrder(where, order)) {
      return {
        read: (after, atOnce) => walkPackages(registry, where, filter, { order, ...walkFrom(after, atOnce) }),
        positionOf: (row) => [positionIn({ order, formats }, row.pointer), id(row)],
        canHave: ([value, id]) => isPositionIn({ order, formats }, String(value), id),
        id,
      };
    }
    // To count them all, reading names one after the other would take longer than to sort.
    if (order !== 'id' && 'group' in where && params.pagination === 'keyset' && !showsUnpublished(filter)) {
      return {
        read: (after, atOnce) =>
          packagesInGroupByName(registry, where, filter, { order, ...walkFrom(after, atOnce) }),
        positionOf: (row) => [positionInGroup({ order, formats }, row.pointer), id(row)],
        canHave: ([value, id]) => isPositionInGroup({ order, formats }, String(value), id),
        id,
      };
    }
  }
  const walk = { order: 'id', descending: false, formats, atOnce: COUNTED_AT_ONCE } as const;
  const found =
    filter.name === undefined
      ? walkPackages(registry, where, filter, walk)
      : packagesNamed(registry, where, filter, formats, scan);
  return sortedRows(found, { by: (row) => orderValue(row, params.order_by), id, descending });
}

/** Whether versions are listed of names that are not listed, because they are not published yet. */
function showsUnpublished({ statuses }: PackageFilter): boolean {
  return statuses.has('processing');
}

/** The ids of all formats, in the order of their package types. */
const formats = [...catalog]
  .sort((a, b) => (a.packageType < b.packageType ? -1 : 1))
  .map(({ id }): string => id);

function filterOf({ package_type: type, package_name, package_version, status }: ListParams): PackageFilter {
  return {
    formats: type === undefined ? undefined : formats.filter((id) => packageTypeOf(id) === type),
    name: package_name,
    version: package_version,
    statuses: status === undefined ? defaultStatuses : new Set([status]),
  };
}

function orderValue(
  { pointer, in: { project } }: PackageRow,
  order: ListParams['order_by'],
): string | number {
  switch (order) {
    case 'name':
    case 'version':
      return pointer[order];
    case 'type':
      return `${packageTypeOf(pointer.format)} ${pointer.name}`;
    case 'project_path':
      return project.fullPath;
    case 'created_at':
      return pointer.id;
  }
}
