/**
 * Which formats there are and where each is served, as plain data: the only file of `services` that `lib` may import.
 * Requests find their format, gateway routes their function, and instructions their address by it.
 */

/** Whose packages an endpoint serves: those of a project, of a group and all below it, or of the whole instance. */
export type EndpointLevel = 'project' | 'group' | 'instance';

/** The segment of a mount's path that stands for an id or a full path. */
export const OWNER = '{owner}';

/** A path below which a format is served. */
export interface Mount {
  readonly level: EndpointLevel;
  /**
   * Segments of which one may be `{owner}`: the id or the full path of the project or group. A mount of the instance has
   * no owner. Of several mounts that have the same level and routes, the first is the one that links lead to.
   */
  readonly path: string;
  /** Which of the format's `moreRoutes` answer here; without it its `routes` do. */
  readonly routes?: string;
}

/** See `CatalogEntry`. */
export type Duplicates = 'never' | 'by-setting';

/** One package format. */
export interface CatalogEntry {
  /** The name of its folder, and its segment in GitLab's URLs. */
  readonly id: string;
  readonly title: string;
  /** The function that serves it on AWS. */
  readonly family: Family;
  /** The name GitLab's API gives it (`package_type`). */
  readonly packageType: string;
  readonly mounts: readonly Mount[];
  /** Whether files may be published again at all: never, or by the setting of a group. */
  readonly duplicates: Duplicates;
  /** Whether its indexes are signed: its function may then use signing keys. */
  readonly signs?: boolean;
}

/** The families: formats with like traffic and like dependencies share one function. */
export const families = ['files', 'js', 'jvm', 'python', 'dotnet'] as const;

/** A family's name. */
export type Family = (typeof families)[number];

/** Where GitLab serves a package format: below `packages/<segment>` of a project, of a group and of the instance. */
export function packageMounts(segment: string): readonly Mount[] {
  return [
    { level: 'project', path: `/api/v4/projects/${OWNER}/packages/${segment}` },
    { level: 'group', path: `/api/v4/groups/${OWNER}/-/packages/${segment}` },
    { level: 'instance', path: `/api/v4/packages/${segment}` },
  ];
}

/** Every format, in the order in which users see them. */
export const catalog = [
  {
    id: 'generic',
    title: 'Generic',
    family: 'files',
    packageType: 'generic',
    mounts: packageMounts('generic'),
    duplicates: 'by-setting',
  },
  {
    id: 'npm',
    title: 'npm',
    family: 'js',
    packageType: 'npm',
    mounts: packageMounts('npm'),
    duplicates: 'never',
  },
  {
    id: 'maven',
    title: 'Maven',
    family: 'jvm',
    packageType: 'maven',
    mounts: packageMounts('maven'),
    duplicates: 'by-setting',
  },
  {
    id: 'pypi',
    title: 'PyPI',
    family: 'python',
    packageType: 'pypi',
    mounts: packageMounts('pypi'),
    duplicates: 'never',
  },
  {
    id: 'nuget',
    title: 'NuGet',
    family: 'dotnet',
    packageType: 'nuget',
    mounts: packageMounts('nuget'),
    duplicates: 'by-setting',
  },
] as const satisfies readonly CatalogEntry[];

/** A format's id. */
export type FormatId = (typeof catalog)[number]['id'];

/** Where a format of the catalog is served. */
export function mountsOf(id: FormatId): readonly Mount[] {
  return catalog.find((entry) => entry.id === id)?.mounts ?? [];
}

/** Whether files of a format of the catalog may be published again. */
export function duplicatesOf(id: FormatId): Duplicates {
  return catalog.find((entry) => entry.id === id)?.duplicates ?? 'never';
}

/** The families with a format whose indexes are signed. */
export function signingFamilies(entries: readonly CatalogEntry[] = catalog): readonly Family[] {
  return families.filter((family) => entries.some((entry) => entry.signs && entry.family === family));
}
