import { nameLimits } from '../../domain/names.ts';
import type { Query } from '../../ports/table.ts';
import { compareUtf8 } from '../../ports/table-rules.ts';
import { inChunks, mergeSorted } from '../../shared/merge-sorted.ts';
import type { ReadableProject } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity, type NamedEntry, type PackagePointer } from '../records/entities.ts';
import { indexes, keys, padId, ranges, versionByName, versionsOfName } from '../records/keys.ts';
import { queryAll, queryGrowing } from '../records/query-all.ts';
import {
  type InGroup,
  isIn,
  MAX_BY_NAME,
  matcher,
  type PackageFilter,
  type PackageRow,
  type PackageWalk,
  rankOf,
} from './walk-packages.ts';

/** How many names are looked at together at most, and how many versions of each are read first. */
const NAMES_AT_ONCE = 25;
const ROWS_AT_ONCE = 25;

/** A walk through the names of a group in an order by name, forwards or backwards. */
type NameWalk = PackageWalk & { readonly order: 'name' | 'format' };

/**
 * The position of a version in a group with many projects: by name as it is spelled, or by format and then by name;
 * versions of one name by project. Positions are compared as UTF-8 text.
 */
export function positionInGroup(
  { order, formats }: Pick<NameWalk, 'order' | 'formats'>,
  row: PackagePointer,
): string {
  const rank = rankOf(formats, row.format);
  // The parts of the key after the format: the name, which contains no `#`, and the project.
  const entry = keys.nameIn('instance', row).sk.slice(row.format.length + 1);
  return [...(order === 'format' ? [rank, entry] : [entry, rank]), versionByName(row)].join('#');
}

const POSITIONS = {
  name: /^(?<name>[^#]+)#\d{16}#(?<rank>\d{3})#(?<format>[^#]+)#(?<byName>[^#]+#[^#]*#\d{16})$/,
  format: /^(?<rank>\d{3})#(?<name>[^#]+)#\d{16}#(?<format>[^#]+)#(?<byName>[^#]+#[^#]*#\d{16})$/,
};

/** Whether a text is the position that a version with this id can have in a group. Others may be no part of a key. */
export function isPositionInGroup(
  { order, formats }: Pick<NameWalk, 'order' | 'formats'>,
  text: string,
  id: number,
): boolean {
  const parts = text.isWellFormed() ? POSITIONS[order].exec(text)?.groups : undefined;
  if (!parts) return false;
  const { name = '', rank, format = '', byName = '' } = parts;
  return (
    formats.includes(format) &&
    rankOf(formats, format) === rank &&
    byName.endsWith(`#${padId(id)}`) &&
    Buffer.byteLength(name) <= nameLimits.packageName &&
    Buffer.byteLength(byName) <= MAX_BY_NAME
  );
}

/** Where a walk starts in the names of a format. */
interface Start {
  /** The key of a name and project whose versions come first, and after which of them. */
  readonly entry?: { readonly sk: string; readonly after: string | undefined };
  /** The key after which names are read. */
  readonly after?: string;
}

/** Returns where a walk starts in the names of a format. Undefined if they all come before. */
function startIn(format: string, { order, formats, after, descending }: NameWalk): Start | undefined {
  if (after === undefined) return {};
  const [first = '', second = '', third = '', ...row] = after.split('#');
  const [rank, entry] = order === 'format' ? [first, `${second}#${third}`] : [third, `${first}#${second}`];
  const own = rankOf(formats, format);
  const isLater = own !== rank && own > rank !== descending;
  if (order === 'format' && own !== rank) return isLater ? {} : undefined;
  const sk = `${format}#${entry}`;
  if (own === rank) return { entry: { sk, after: row.join('#') }, after: sk };
  return isLater ? { entry: { sk, after: undefined }, after: sk } : { after: sk };
}

/**
 * The versions of all readable projects in a group that match a filter, except for its name, in the order of
 * `positionInGroup`. Reads the names of the root namespace in order, from where the walk starts, and the versions of each
 * as they are needed.
 */
export function packagesInGroupByName(
  registry: Registry,
  where: InGroup,
  filter: PackageFilter,
  walk: NameWalk,
): AsyncIterable<PackageRow> {
  const direction = walk.descending ? -1 : 1;
  const compare = (a: PackageRow, b: PackageRow) =>
    compareUtf8(positionInGroup(walk, a.pointer), positionInGroup(walk, b.pointer)) * direction;

  const together = Math.min(walk.atOnce, NAMES_AT_ONCE);

  async function* rowsOfFormat(format: string): AsyncGenerator<PackageRow> {
    for await (const some of inChunks(namesOf(registry, where, format, walk), together)) {
      await where.reader.read(some.map(({ entry }) => entry.projectId));
      const open = some.flatMap((each) => {
        const project = where.reader.get(each.entry.projectId);
        return project && isIn(where, project)
          ? [versionsOf(registry, { ...each, project, filter, walk })]
          : [];
      });
      // The first versions of each are read at the same time.
      yield* mergeSorted(open, compare);
    }
  }

  return mergeSorted((filter.formats ?? walk.formats).map(rowsOfFormat), compare);
}

/** A name in a project, and the key after which its versions are read. */
interface NameStart {
  readonly entry: NamedEntry;
  readonly after?: string | undefined;
}

async function* namesOf(
  { table }: Registry,
  { group }: InGroup,
  format: string,
  walk: NameWalk,
): AsyncGenerator<NameStart> {
  const start = startIn(format, walk);
  if (!start) return;
  const range = ranges.namesIn({ kind: 'group', id: group.ancestors[0] ?? group.id }, format);
  if (start.entry) {
    const entry = maybeEntity<NamedEntry>(await table.get({ pk: range.pk, sk: start.entry.sk }));
    if (entry) yield { entry, after: start.entry.after };
  }
  const query: Query = {
    ...range,
    reverse: walk.descending,
    ...(start.after !== undefined && { after: start.after }),
  };
  for await (const items of queryGrowing(table, query, walk.atOnce)) {
    for (const item of items) yield { entry: entityOf<NamedEntry>(item) };
  }
}

interface Versions extends NameStart {
  readonly project: ReadableProject;
  readonly filter: PackageFilter;
  readonly walk: NameWalk;
}

/** The versions of a name in a project that match a filter, in order. */
function versionsOf({ table }: Registry, { entry, after, project, filter, walk }: Versions) {
  const matches = matcher(filter);
  const direction = walk.descending ? -1 : 1;
  const isWanted = (row: PackagePointer) =>
    // Names that differ only in case share the range.
    row.name === entry.name && row.format === entry.format && matches(row);

  async function* current(): AsyncGenerator<PackagePointer> {
    const query: Query = {
      ...indexes.packagesByName(entry.projectId),
      prefix: versionsOfName(entry),
      reverse: walk.descending,
      ...(after !== undefined && { after }),
    };
    for await (const items of queryGrowing(table, query, ROWS_AT_ONCE)) {
      yield* items.map((item) => entityOf<PackagePointer>(item)).filter(isWanted);
    }
  }

  /** Those that the upgrade to schema 4 has not reached yet. */
  async function* former(): AsyncGenerator<PackagePointer> {
    const range = { ...indexes.formerPackagesByName(entry.projectId), prefix: `${entry.name}#` };
    const rows = (await queryAll(table, range)).map((item) => entityOf<PackagePointer>(item));
    yield* rows
      .filter((row) => after === undefined || compareUtf8(versionByName(row), after) * direction > 0)
      .filter(isWanted)
      .sort((a, b) => compareUtf8(versionByName(a), versionByName(b)) * direction);
  }

  async function* inProject(): AsyncGenerator<PackageRow> {
    const both = mergeSorted(
      [current(), former()],
      (a, b) => compareUtf8(versionByName(a), versionByName(b)) * direction,
    );
    for await (const pointer of both) yield { pointer, in: project };
  }
  return inProject();
}
