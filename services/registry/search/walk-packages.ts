import type { Group } from '../../domain/accounts.ts';
import { nameLimits } from '../../domain/names.ts';
import { type PackageStatus, shownVersion } from '../../domain/packages.ts';
import type { Item, Query } from '../../ports/table.ts';
import { compareUtf8 } from '../../ports/table-rules.ts';
import { mergeSorted } from '../../shared/merge-sorted.ts';
import type { ProjectReader, ReadableProject } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { entityOf, type PackagePointer } from '../records/entities.ts';
import { indexes, padId, ranges, versionByName } from '../records/keys.ts';
import { queryGrowing, queryPages } from '../records/query-all.ts';

/** A filter of versions; undefined fields match everything. */
export interface PackageFilter {
  /** Ids of formats. */
  readonly formats?: readonly string[] | undefined;
  /** A part of the name, ignoring case. */
  readonly name?: string | undefined;
  /** A version as it is shown. */
  readonly version?: string | undefined;
  readonly statuses: ReadonlySet<PackageStatus>;
}

/** Many projects: those in a group that the reader's caller may pull from. */
export interface InGroup {
  readonly group: Group;
  /** Whether projects in subgroups are left out. */
  readonly directly: boolean;
  readonly reader: ProjectReader;
}

/** Where to list packages: in a few known projects, or in a group. */
export type ListedIn = { readonly projects: readonly ReadableProject[] } | InGroup;

/** A version in a list, and its project. */
export interface PackageRow {
  readonly pointer: PackagePointer;
  readonly in: ReadableProject;
}

/** An order that has an index: by id, by name (ignoring case), or by format and then by name. */
export type PackageOrder = 'id' | 'name' | 'format';

/** Which part of a list to read. */
export interface PackageWalk {
  readonly order: PackageOrder;
  readonly descending: boolean;
  /** All formats, in the order in which they are listed. */
  readonly formats: readonly string[];
  /** The position to continue after; see `positionIn`. */
  readonly after?: string | undefined;
  /** How many rows are read first. */
  readonly atOnce: number;
}

/** The position of a version in an order. Positions are compared as UTF-8 text. */
export function positionIn({ order, formats }: Pick<PackageWalk, 'order' | 'formats'>, row: PackagePointer) {
  if (order === 'id') return padId(row.id);
  // Versions with equal positions would have equal ids, whatever their formats.
  const byName = versionByName(row).slice(row.format.length + 1);
  return order === 'name' ? byName : `${rankOf(formats, row.format)}#${byName}`;
}

/** The longest position of a version in the order of names: both names, and its id. */
export const MAX_BY_NAME = nameLimits.packageName + nameLimits.version + '##'.length + padId(0).length;

/** Whether a text is the position that a version with this id can have in an order. Others may be no part of a key. */
export function isPositionIn(
  { order, formats }: Pick<PackageWalk, 'order' | 'formats'>,
  text: string,
  id: number,
): boolean {
  if (order === 'id') return text === padId(id);
  const { rank, byName = '' } = /^(?:(?<rank>\d{3})#)?(?<byName>[^#]+#[^#]+#\d+)$/.exec(text)?.groups ?? {};
  const hasRank = rank !== undefined && Number(rank) < formats.length;
  if (hasRank !== (order === 'format')) return false;
  return (
    byName.endsWith(`#${padId(id)}`) && byName.isWellFormed() && Buffer.byteLength(byName) <= MAX_BY_NAME
  );
}

/** The position of a format among all formats, as text that sorts like the number. */
export function rankOf(formats: readonly string[], format: string): string {
  return String(formats.indexOf(format)).padStart(3, '0');
}

/** Whether versions can be read in an order. Otherwise they have to be sorted. */
export function hasOrder(where: ListedIn, order: PackageOrder): boolean {
  return order === 'id' || 'projects' in where;
}

/**
 * The versions that match a filter, except for its name, in an order that they can be read in (`hasOrder`). Reads
 * small rows, page by page, from where the walk starts. By id, a version just published is included; the index by name
 * may lag slightly.
 */
export function walkPackages(
  registry: Registry,
  where: ListedIn,
  filter: PackageFilter,
  walk: PackageWalk,
): AsyncIterable<PackageRow> {
  if ('group' in where) return packagesInGroup(registry, where, filter, walk);
  const direction = walk.descending ? -1 : 1;
  return mergeSorted(
    where.projects.flatMap((project) =>
      walk.order === 'id'
        ? [packagesById(registry, project, filter, walk)]
        : packagesByName(registry, project, filter, walk),
    ),
    (a, b) => compareUtf8(positionIn(walk, a.pointer), positionIn(walk, b.pointer)) * direction,
  );
}

function packagesById(
  registry: Registry,
  project: ReadableProject,
  filter: PackageFilter,
  { after, descending, atOnce }: PackageWalk,
): AsyncGenerator<PackageRow> {
  const range = ranges.packageIds(project.project.id);
  const start = after !== undefined && { after: `${range.prefix}${after}` };
  return rowsOf(registry, { ...range, reverse: descending, ...start }, { project, filter, atOnce });
}

/** One sequence for each format, and one of rows that the upgrade to schema 4 has not reached yet. */
function packagesByName(
  registry: Registry,
  project: ReadableProject,
  filter: PackageFilter,
  walk: PackageWalk,
): AsyncGenerator<PackageRow>[] {
  const { descending, atOnce } = walk;
  const index = indexes.packagesByName(project.project.id);
  const sequences = (filter.formats ?? walk.formats).flatMap((format) => {
    const prefix = `${format}#`;
    const start = startOf(format, walk);
    if (start === 'none') return [];
    const after = start !== 'all' && { after: `${prefix}${start.after}` };
    return [
      rowsOf(registry, { ...index, prefix, reverse: descending, ...after }, { project, filter, atOnce }),
    ];
  });
  return [...sequences, formerRows(registry, project, filter, walk)];
}

/** Where the rows of a format start: at the first one, after a name, or nowhere because all come before. */
function startOf(format: string, { order, formats, after, descending }: PackageWalk) {
  if (after === undefined) return 'all';
  if (order === 'name') return { after };
  const [own, rank] = [rankOf(formats, format), after.slice(0, after.indexOf('#'))];
  if (own === rank) return { after: after.slice(after.indexOf('#') + 1) };
  return own > rank === descending ? 'none' : 'all';
}

interface RowsOf {
  readonly project: ReadableProject;
  readonly filter: PackageFilter;
  readonly atOnce: number;
}

async function* rowsOf(
  { table }: Registry,
  query: Query,
  { project, filter, atOnce }: RowsOf,
): AsyncGenerator<PackageRow> {
  for await (const items of queryGrowing(table, query, atOnce)) yield* rowsIn(items, project, filter);
}

async function* formerRows(
  { table }: Registry,
  project: ReadableProject,
  filter: PackageFilter,
  walk: PackageWalk,
): AsyncGenerator<PackageRow> {
  const { after, descending } = walk;
  const direction = descending ? -1 : 1;
  const rows: { readonly row: PackageRow; readonly position: string }[] = [];
  for await (const items of queryPages(table, indexes.formerPackagesByName(project.project.id))) {
    for (const row of rowsIn(items, project, filter))
      rows.push({ row, position: positionIn(walk, row.pointer) });
  }
  rows.sort((a, b) => compareUtf8(a.position, b.position) * direction);
  for (const { row, position } of rows) {
    if (after === undefined || compareUtf8(position, after) * direction > 0) yield row;
  }
}

function* rowsIn(
  items: readonly Item[],
  project: ReadableProject,
  filter: PackageFilter,
): Generator<PackageRow> {
  const matches = matcher(filter);
  for (const item of items) {
    const pointer = entityOf<PackagePointer>(item);
    if (matches(pointer)) yield { pointer, in: project };
  }
}

/** The versions of all readable projects in a group, by id. */
async function* packagesInGroup(
  { table }: Registry,
  where: InGroup,
  filter: PackageFilter,
  { after, descending, atOnce }: PackageWalk,
): AsyncGenerator<PackageRow> {
  const { group, reader } = where;
  const start = after !== undefined && { after };
  const range = indexes.packagesBelow(group.ancestors[0] ?? group.id);
  const matches = matcher(filter);
  for await (const items of queryGrowing(table, { ...range, reverse: descending, ...start }, atOnce)) {
    const pointers = items.map((item) => entityOf<PackagePointer>(item)).filter(matches);
    await reader.read(pointers.map(({ projectId }) => projectId));
    for (const pointer of pointers) {
      const project = reader.get(pointer.projectId);
      if (project && isIn(where, project)) yield { pointer, in: project };
    }
  }
}

/** Whether a project is one of those listed for a group. */
export function isIn({ group, directly }: InGroup, { project }: ReadableProject): boolean {
  return directly ? project.namespaceId === group.id : project.ancestors.includes(group.id);
}

/** Whether a version matches a filter, except for its name. */
export function matcher({ formats, version, statuses }: PackageFilter): (row: PackagePointer) => boolean {
  return (row) =>
    statuses.has(row.status) &&
    (formats === undefined || formats.includes(row.format)) &&
    (version === undefined || shownVersion(row) === version);
}
