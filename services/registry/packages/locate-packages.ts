import type { Group } from '../../domain/accounts.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import type { Query } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf, type NameEntry } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { queryGrowing } from '../records/query-all.ts';

/** A package name to look up in the name index. */
export interface NameQuery {
  readonly format: string;
  readonly name: PackageName;
  /** The group that the projects must be in, directly or in a subgroup, below the groups above it; none: anywhere. */
  readonly groups?: readonly number[];
}

/** How many holders are read together with other data. Few names are held by more projects. */
const FIRST = 50;

/** Returns the query for a name in a group or, if absent, in the whole instance. */
export function nameQuery(format: string, name: PackageName, group?: Group): NameQuery {
  return group ? { format, name, groups: [...group.ancestors, group.id] } : { format, name };
}

/** The first projects that hold a name, and whether there are more. */
export interface FirstHolders {
  /** The project with the lowest id first. */
  readonly holders: readonly NameEntry[];
  readonly more: boolean;
}

type Reader = Pick<Registry, 'table'>;

/** Reads the first projects that hold a name. One round trip; another one in a subgroup in which none holds it. */
export async function firstHolders({ table }: Reader, query: NameQuery): Promise<FirstHolders> {
  const page = await table.query({ ...rangeOf(query), limit: FIRST });
  const holders = page.items.map((item) => entityOf<NameEntry>(item)).sort(byProject);
  if (holders.length > 0 || !isSubgroup(query)) return { holders, more: page.more };
  return { holders: await formerHolders({ table }, query), more: false };
}

/** Reads all projects that hold a name, page by page, in no particular order. */
export async function* holderPages(
  { table }: Reader,
  query: NameQuery,
): AsyncGenerator<readonly NameEntry[]> {
  let found = false;
  for await (const items of queryGrowing(table, rangeOf(query), 4 * FIRST)) {
    found ||= items.length > 0;
    yield items.map((item) => entityOf<NameEntry>(item));
  }
  if (!found && isSubgroup(query)) yield await formerHolders({ table }, query);
}

/** Returns all projects that hold a name, the one with the lowest id first. */
export async function listHolders(registry: Reader, query: NameQuery): Promise<NameEntry[]> {
  const found: NameEntry[] = [];
  for await (const holders of holderPages(registry, query)) found.push(...holders);
  return found.sort(byProject);
}

/** Reads the projects below a group that hold a version, page by page. */
export async function* versionHolders(
  { table }: Reader,
  { format, name }: NameQuery,
  version: VersionName,
  groups: readonly number[],
): AsyncGenerator<readonly NameEntry[]> {
  for await (const items of queryGrowing(
    table,
    ranges.versionHolders(format, name, version, groups),
    FIRST,
  )) {
    yield items.map((item) => entityOf<NameEntry>(item));
  }
}

function rangeOf({ format, name, groups }: NameQuery): Query {
  return ranges.names(format, name, groups);
}

function isSubgroup({ groups = [] }: NameQuery): boolean {
  return groups.length > 1;
}

/** Holders in a subgroup that the upgrade to schema 4 has not reached: their entries are those of the root namespace. */
async function formerHolders(registry: Reader, query: NameQuery): Promise<NameEntry[]> {
  const { groups = [] } = query;
  const within = groups.at(-1) ?? 0;
  const all = await listHolders(registry, { ...query, groups: groups.slice(0, 1) });
  return all.filter(({ ancestors }) => ancestors.includes(within));
}

function byProject(a: NameEntry, b: NameEntry): number {
  return a.projectId - b.projectId;
}
