import type { Project } from '../../domain/accounts.ts';
import type { PackageStatus, Tag, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { rootOf } from '../packages/package-writes.ts';
import { entityOf, maybeEntity, type PackagePointer } from '../records/entities.ts';
import { indexes, keys, ranges } from '../records/keys.ts';
import { queryAll, queryPages } from '../records/query-all.ts';
import { forEachOf, readMany } from '../records/read-many.ts';

/** A filter of versions; undefined fields match everything. */
export interface PackageFilter {
  /** Ids of formats. */
  readonly formats?: ReadonlySet<string> | undefined;
  /** A part of the name, ignoring case. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly statuses: ReadonlySet<PackageStatus>;
}

/** Above this many projects, reading all packages below their root costs less than reading each project. */
const MANY_PROJECTS = 50;

/**
 * The versions in the given projects that match a filter, in no particular order. Returns small rows from the
 * ranges of the projects, so that a version just published is included. All projects must be below one root
 * namespace.
 */
export async function listPackages(
  registry: Registry,
  projects: readonly Project[],
  filter: PackageFilter,
): Promise<PackagePointer[]> {
  const matches = matcher(filter);
  const [first] = projects;
  if (!first) return [];
  if (projects.length > MANY_PROJECTS) return listBelow(registry, first, projects, matches);
  return forEachOf(projects, async ({ id }) => {
    const items = await queryAll(registry.table, ranges.packageIds(id));
    return items.map((item) => entityOf<PackagePointer>(item)).filter(matches);
  });
}

async function listBelow(
  registry: Registry,
  first: Project,
  projects: readonly Project[],
  matches: (row: PackagePointer) => boolean,
): Promise<PackagePointer[]> {
  const projectIds = new Set(projects.map(({ id }) => id));
  const rows: PackagePointer[] = [];
  for await (const items of queryPages(registry.table, indexes.packagesBelow(rootOf(first)))) {
    for (const item of items) {
      const row = entityOf<PackagePointer>(item);
      if (projectIds.has(row.projectId) && matches(row)) rows.push(row);
    }
  }
  return rows;
}

function matcher({ formats, name, version, statuses }: PackageFilter): (row: PackagePointer) => boolean {
  const part = name?.toLowerCase();
  return (row) =>
    statuses.has(row.status) &&
    (formats === undefined || formats.has(row.format)) &&
    (version === undefined || row.version === version) &&
    (part === undefined || row.name.toLowerCase().includes(part));
}

/** The other versions of a package, as rows. */
export async function otherVersions(registry: Registry, row: PackagePointer): Promise<PackagePointer[]> {
  const range = { ...indexes.packagesByName(row.projectId), prefix: `${row.name}#` };
  const rows = (await queryAll(registry.table, range)).map((item) => entityOf<PackagePointer>(item));
  return rows.filter(({ id, name, format }) => id !== row.id && name === row.name && format === row.format);
}

/** The versions of rows, in the same order; leaves out versions deleted in the meantime. */
export async function readVersions(registry: Registry, rows: readonly PackagePointer[]): Promise<Version[]> {
  const items = await readMany(
    registry.table,
    rows.map((row) => keys.version(row, row.version)),
  );
  return items.flatMap((item, index) => {
    const version = maybeEntity<Version>(item);
    return version?.id === rows[index]?.id && version ? [version] : [];
  });
}

/** The version of a project with this id, or undefined. */
export async function findVersion(
  registry: Registry,
  projectId: number,
  id: number,
): Promise<Version | undefined> {
  const pointer = maybeEntity<PackagePointer>(await registry.table.get(keys.packageId(projectId, id)));
  return pointer && (await readVersions(registry, [pointer]))[0];
}

/** The tags of each version, by the id of the version. */
export async function tagsOf(
  registry: Registry,
  versions: readonly Pick<PackagePointer, 'id' | 'projectId' | 'format' | 'name' | 'version'>[],
): Promise<ReadonlyMap<number, readonly Tag[]>> {
  const packages = Map.groupBy(versions, ({ projectId, format, name }) => `${projectId}#${format}#${name}`);
  const found = await forEachOf([...packages.values()], async (group) => {
    const [ref] = group;
    const tags = ref ? await queryAll(registry.table, ranges.tags(ref)) : [];
    return group.map(
      ({ id, version }) =>
        [id, tags.map((item) => entityOf<Tag>(item)).filter((tag) => tag.version === version)] as const,
    );
  });
  return new Map(found);
}
