import type { VersionName } from '../../domain/names.ts';
import type { PackageFile, PackageHead, Subpackage, Tag, Version } from '../../domain/packages.ts';
import type { Item, TableReader } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import type { HeldPackage } from '../packages/held-package.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { isOlderFile } from '../records/parse-keys.ts';
import { queryAll } from '../records/query-all.ts';
import { forEachOf, readMany } from '../records/read-many.ts';
import { type Change, recentChanges } from './change-log.ts';
import { type PackageContents, servedOf } from './package-contents.ts';

/** Which contents of a package to read. */
export interface Needs {
  /** All versions, or those with these names. */
  readonly versions: 'all' | readonly VersionName[];
  readonly files?: boolean;
  readonly tags?: boolean;
  readonly subpackages?: boolean;
}

/**
 * Where a read looks for a package: a project that holds the name. An index is made from a list of sources. If
 * several have a version, the first one wins.
 */
export interface Source {
  /** Unique, and the same in every process. */
  readonly id: string;
  /** Whether its versions only keep later copies of other sources from being shown; see `HeldPackage`. */
  readonly withheld?: true;
  /** The package when the sources were found. Each change of its contents increments its revision. */
  readonly head: PackageHead;
  /** Reads the current contents, which are at least as new as `head`. */
  read<M>(needs: Needs): Promise<PackageContents<M>>;
  /** Returns the newest changes: enough to include `steps` missing ones, or as many as the log keeps. */
  changes(steps?: number): Promise<readonly Change[]>;
  readme(version: VersionName): Promise<string | undefined>;
}

/** The sources of an index, the first one winning; the first one is not withheld. */
export type Sources = readonly [Source, ...Source[]];

/** Returns the sources of a package; undefined if the caller may read it in no project. */
export function sourcesOf({ table }: Pick<Registry, 'table'>, held: HeldPackage): Sources | undefined {
  const [first, ...rest] = held.heads.map((head) => projectSource(table, head));
  if (!first) return undefined;
  const withheld = held.withheld.map((head) => withheldSource(table, head));
  // In one order for everybody, so that callers with the same access share an index.
  return [first, ...rest, ...withheld.sort((a, b) => a.head.projectId - b.head.projectId)];
}

function withheldSource(table: TableReader, head: PackageHead): Source {
  const source = projectSource(table, head);
  return {
    ...source,
    id: `!${source.id}`,
    withheld: true,
    async read<M>({ versions, files = false }: Needs) {
      return { ...(await source.read<M>({ versions, files })), withheld: true };
    },
    readme: async () => undefined,
  };
}

/** Returns the source of a project that holds the package. */
export function projectSource(table: TableReader, head: PackageHead): Source {
  return {
    id: head.projectId.toString(36),
    head,
    read: (needs) => readContents(table, head, needs),
    changes: (steps) => recentChanges(table, head, steps),
    async readme(version) {
      const item = await table.get(keys.readme(head, version));
      return item && String(item.text);
    },
  };
}

/** The number of the rule by which several sources are merged. A change makes stored indexes of another rule unused. */
const MERGE_RULE = 2;

/** Returns a text that identifies a list of sources. */
export function sourceList(sources: readonly Source[]): string {
  const ids = sources.map(({ id }) => id).join('-');
  return sources.length === 1 ? ids : `${MERGE_RULE}:${ids}`;
}

/** Returns a text that identifies the revisions of all sources. */
export function revisionsOf(sources: readonly { readonly id: string; readonly revision: number }[]): string {
  return sources.map(({ id, revision }) => `${id}.${revision.toString(36)}`).join('-');
}

/** Reads what an index may show of a package, with current files only. */
export async function readContents<M>(
  table: TableReader,
  ref: PackageHead,
  { versions, files, tags, subpackages }: Needs,
): Promise<PackageContents<M>> {
  const [[head, ...found], fileItems, tagItems, subpackageItems] = await Promise.all([
    readVersions(table, ref, versions),
    files ? readFiles(table, ref, versions) : [],
    tags ? queryAll(table, ranges.tags(ref)) : [],
    subpackages ? queryAll(table, ranges.subpackages(ref)) : [],
  ]);
  return servedOf({
    head: maybeEntity<PackageHead>(head) ?? ref,
    versions: found.flatMap((item) => (item ? [entityOf<Version<M>>(item)] : [])),
    tags: tagItems.map((item) => entityOf<Tag>(item)),
    files: fileItems.filter((item) => !isOlderFile(item)).map((item) => entityOf<PackageFile>(item)),
    subpackages: subpackageItems.map((item) => entityOf<Subpackage>(item)),
  });
}

/** Returns the head, followed by the versions. With all versions, the head is already known and not read. */
async function readVersions(
  table: TableReader,
  ref: PackageHead,
  versions: Needs['versions'],
): Promise<(Item | undefined)[]> {
  if (versions === 'all') return [undefined, ...(await queryAll(table, ranges.versions(ref)))];
  return readMany(table, [keys.head(ref), ...versions.map((version) => keys.version(ref, version))]);
}

function readFiles(table: TableReader, ref: PackageHead, versions: Needs['versions']): Promise<Item[]> {
  if (versions === 'all') return queryAll(table, ranges.files(ref));
  return forEachOf(versions, (version) => queryAll(table, ranges.filesOf(ref, version)));
}
