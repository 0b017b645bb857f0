import { parsePackageName, parseVersionName, type VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { Item } from '../../ports/table.ts';
import { compareUtf8 } from '../../ports/table-rules.ts';
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

/** The most names that are read to find those that contain a text. */
const MAX_NAMES = 100_000;

/** The names that were read to find those that contain a text. */
export interface NameScan {
  names: number;
  /** Whether these are all names there are; known at the end. */
  complete: boolean;
}

/** Starts a scan; see `packagesNamed`. */
export function newNameScan(): NameScan {
  return { names: 0, complete: true };
}

/**
 * The versions that match a filter whose name is not empty, in no particular order. Reads the names of the projects,
 * and the versions only of names that contain the text. A version just published is included if the filter has its
 * name and version; otherwise the index may lag slightly. Stops after 100,000 names, which `scan` tells; a name that is
 * the text itself is found nevertheless.
 */
export async function* packagesNamed(
  registry: Registry,
  where: ListedIn,
  filter: PackageFilter,
  formats: readonly string[],
  scan: NameScan,
): AsyncGenerator<PackageRow> {
  const text = filter.name ?? '';
  for (const owner of ownersOf(where)) {
    for (const format of filter.formats ?? formats) {
      const names = namesWith(registry, { owner, format, text }, scan);
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

/** Names to look for: those of a format that contain a text, ignoring case. */
interface Sought {
  readonly owner: NamesOwner;
  readonly format: string;
  readonly text: string;
}

async function* namesWith(
  { table }: Registry,
  { owner, format, text }: Sought,
  scan: NameScan,
): AsyncGenerator<NamedEntry> {
  const lower = text.toLowerCase();
  let last: NamedEntry | undefined;
  for await (const items of scan.complete ? queryPages(table, ranges.namesIn(owner, format)) : []) {
    const entries = items.map((item) => entityOf<NamedEntry>(item));
    for (const entry of entries) if (entry.name.toLowerCase().includes(lower)) yield entry;
    last = entries.at(-1) ?? last;
    scan.names += entries.length;
    scan.complete = scan.names < MAX_NAMES;
    if (!scan.complete) break;
  }
  const name = scan.complete ? undefined : parsePackageName(text);
  if (name === undefined) return;
  for await (const items of queryPages(table, ranges.nameIn(owner, format, name))) {
    for (const item of items) if (!last || !isRead(item, last, owner)) yield entityOf<NamedEntry>(item);
  }
}

/** Whether an entry comes before the last one that was read, or is the last one. */
function isRead(item: Item, last: NamedEntry, owner: NamesOwner): boolean {
  return compareUtf8(item.sk, keys.nameIn(owner, last).sk) <= 0;
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
    const pointer = version && (await matchingVersion(registry, ref, version, matches));
    if (pointer) yield { pointer, in: project };
    return;
  }
  for await (const pointer of versionRows(registry, ref)) {
    if (matches(pointer)) yield { pointer, in: project };
  }
}

/** Reads a version by its key: the normalized version or, until the upgrade to schema 6 has finished, the one shown. */
async function matchingVersion(
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
