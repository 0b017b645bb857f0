/**
 * The formats and where each is served, as plain data that `lib` may import. It determines the format of a request,
 * the function of a gateway route, and the URLs in instructions.
 */

/**
 * Which packages an endpoint serves: those of a project, of a group and everything below it, or of the whole
 * instance.
 */
export type EndpointLevel = 'project' | 'group' | 'instance';

/** The segment of a mount's path that is replaced by an id or a full path. */
export const OWNER = '{owner}';

/** A path prefix at which a format is served. */
export interface Mount {
  readonly level: EndpointLevel;
  /**
   * Segments, one of which may be `{owner}`: the id or full path of the project or group. Instance mounts have no
   * owner. If several mounts have the same level and routes, links use the first.
   */
  readonly path: string;
  /** The name of the format's `moreRoutes` served here. Defaults to its `routes`. */
  readonly routes?: string;
}

/** See `CatalogEntry`. */
export type Duplicates = 'never' | 'by-setting';

/** A setting of GitLab that has one value here, and why. */
export interface FixedSetting {
  readonly name: string;
  readonly value: boolean;
  readonly why: string;
}

/** A package format. */
export interface CatalogEntry {
  /** The name of its folder, and of its segment in GitLab's URLs. */
  readonly id: string;
  readonly title: string;
  /** The family whose function serves it on AWS. */
  readonly family: Family;
  /** Its name in GitLab's API (`package_type`). */
  readonly packageType: string;
  readonly mounts: readonly Mount[];
  /** Whether files may be published again: never, or according to a group's setting. */
  readonly duplicates: Duplicates;
  /**
   * Paths below its mounts at which requests may change tokens, as a logout does. The functions of families may not, so
   * the router serves them.
   */
  readonly accountPaths?: readonly string[];
  /** GitLab's settings of the format that groups can't change here, in addition to those that every format has. */
  readonly fixedSettings?: readonly FixedSetting[];
  /** Whether its indexes, or the grants of its clients, are signed, so that its function may use signing keys. */
  readonly signs?: boolean;
}

/** The families: formats with similar traffic and dependencies share a function. */
export const families = ['files', 'js', 'jvm', 'python', 'dotnet', 'containers'] as const;

/** A family's name. */
export type Family = (typeof families)[number];

/** The mounts of a format in GitLab: below `packages/<segment>` of a project, a group and the instance. */
export function packageMounts(segment: string): readonly Mount[] {
  return [
    { level: 'project', path: `/api/v4/projects/${OWNER}/packages/${segment}` },
    { level: 'group', path: `/api/v4/groups/${OWNER}/-/packages/${segment}` },
    { level: 'instance', path: `/api/v4/packages/${segment}` },
  ];
}

/** All formats, in display order. */
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
    accountPaths: ['/-/user/token'],
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
    id: 'container',
    title: 'Container images',
    family: 'containers',
    packageType: 'container',
    mounts: [
      { level: 'instance', path: '/v2' },
      { level: 'instance', path: '/jwt/auth', routes: 'tokens' },
    ],
    duplicates: 'never',
    signs: true,
  },
  {
    id: 'nuget',
    title: 'NuGet',
    family: 'dotnet',
    packageType: 'nuget',
    mounts: packageMounts('nuget'),
    duplicates: 'by-setting',
    fixedSettings: [
      {
        name: 'nuget_symbol_server_enabled',
        value: true,
        why: 'debug symbols are served to everyone who may read',
      },
    ],
  },
] as const satisfies readonly CatalogEntry[];

/** A format's id. */
export type FormatId = (typeof catalog)[number]['id'];

/** The mounts of a format. */
export function mountsOf(id: FormatId): readonly Mount[] {
  return catalog.find((entry) => entry.id === id)?.mounts ?? [];
}

/** Whether files of a format may be published again. */
export function duplicatesOf(id: FormatId): Duplicates {
  return catalog.find((entry) => entry.id === id)?.duplicates ?? 'never';
}

/** The families with a format that signs something. */
export function signingFamilies(entries: readonly CatalogEntry[] = catalog): readonly Family[] {
  return families.filter((family) => entries.some((entry) => entry.signs && entry.family === family));
}
