import { parseVersionName, type VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import { inChunks } from '../../shared/merge-sorted.ts';
import type { ReadableProject } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { versionRows } from '../packages/version-rows.ts';
import { entityOf, maybeEntity, type NamedEntry, type PackagePointer } from '../records/entities.ts';
import { keys, type NamesOwner, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { isIn, type ListedIn, matcher, type PackageFilter, type PackageRow } from './walk-packages.ts';

/** How many names are looked up at once. */
const NAMES_AT_ONCE = 100;

/**
 * The versions that match a filter whose name is not empty, in no particular order. Reads the names of the projects,
 * and the versions only of names that contain the text. A version just published is included if the filter has its
 * name and version; otherwise the index may lag slightly.
 */
export async function* packagesNamed(
  registry: Registry,
  where: ListedIn,
  filter: PackageFilter,
  formats: readonly string[],
): AsyncGenerator<PackageRow> {
  const text = filter.name?.toLowerCase() ?? '';
  for (const owner of ownersOf(where)) {
    for (const format of filter.formats ?? formats) {
      const names = namesWith(registry, owner, format, text);
      for await (const entries of inChunks(names, NAMES_AT_ONCE)) {
        const project = await readableProjects(where, entries);
        for (const entry of entries) {
          const readable = project(entry.projectId);
          if (readable) yield* versionsNamed(registry, readable, entry, filter);
        }
      }
    }
  }
}

/** The owners of the lists of names to read: the projects, or the group's root namespace. */
function ownersOf(where: ListedIn): NamesOwner[] {
  if ('projects' in where) return where.projects.map(({ project }) => ({ kind: 'project', id: project.id }));
  return [{ kind: 'group', id: where.group.ancestors[0] ?? where.group.id }];
}

async function* namesWith(
  { table }: Registry,
  owner: NamesOwner,
  format: string,
  text: string,
): AsyncGenerator<NamedEntry> {
  for await (const items of queryPages(table, ranges.namesIn(owner, format))) {
    for (const item of items) {
      const entry = entityOf<NamedEntry>(item);
      if (entry.name.toLowerCase().includes(text)) yield entry;
    }
  }
}

async function readableProjects(
  where: ListedIn,
  entries: readonly NamedEntry[],
): Promise<(id: number) => ReadableProject | undefined> {
  if ('projects' in where) {
    const byId = new Map(where.projects.map((each) => [each.project.id, each]));
    return (id) => byId.get(id);
  }
  await where.reader.read(entries.map(({ projectId }) => projectId));
  return (id) => {
    const found = where.reader.get(id);
    return found && isIn(where, found) ? found : undefined;
  };
}

async function* versionsNamed(
  registry: Registry,
  project: ReadableProject,
  { format, name }: NamedEntry,
  filter: PackageFilter,
): AsyncGenerator<PackageRow> {
  const ref = { projectId: project.project.id, format, name };
  const matches = matcher(filter);
  if (filter.version !== undefined) {
    const version = parseVersionName(filter.version);
    const pointer = version && (await findVersion(registry, ref, version, matches));
    if (pointer) yield { pointer, in: project };
    return;
  }
  for await (const pointer of versionRows(registry, ref)) {
    if (matches(pointer)) yield { pointer, in: project };
  }
}

/** Reads a version by its key: the normalized version or, before versions were normalized, the version as it is shown. */
async function findVersion(
  registry: Registry,
  ref: PackageRef,
  shown: VersionName,
  matches: (row: PackagePointer) => boolean,
): Promise<PackagePointer | undefined> {
  const rules = (await registry.formats()).find(({ id }) => id === ref.format);
  const spellings = new Set([rules?.normalizedVersion?.(shown) ?? shown, shown]);
  const items = await registry.table.getMany([...spellings].map((version) => keys.version(ref, version)));
  return items
    .map((item) => maybeEntity<PackagePointer>(item))
    .find((pointer) => pointer && matches(pointer));
}
