import type { ListedPackage, PackageFile, PackageHead, Tag, Version } from '../../domain/packages.ts';
import type { Item, TableReader } from '../../ports/table.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { isOlderFile, keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { forEachOf, readMany } from '../records/read-many.ts';
import { type Change, recentChanges } from './change-log.ts';
import { type PackageContents, servedOf } from './package-contents.ts';

/** Which contents of a package are read. */
export interface Needs {
  /** All versions, or those of these names. */
  readonly versions: 'all' | readonly string[];
  readonly files?: boolean;
  readonly tags?: boolean;
  readonly listed?: boolean;
}

/**
 * Where a read looks for a package: a project that holds the name. An index is made from a list of sources, of which the
 * first one wins where several have a version.
 */
export interface Source {
  /** Names the source: the same in every process, and no other source's. */
  readonly id: string;
  /** The package as it was when the sources were found; its revision moves with every change of its contents. */
  readonly head: PackageHead;
  /** What the source holds now, which is what `head` says or newer. */
  read<M>(needs: Needs): Promise<PackageContents<M>>;
  /** The newest steps of the revision, enough to hold `steps` that are missing, or as many as are kept. */
  changes(steps?: number): Promise<readonly Change[]>;
  readme(version: string): Promise<string | undefined>;
}

/** A project that holds the package. */
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

/** Which sources an index is made from, as a text that no other list has. */
export function sourceList(sources: readonly Source[]): string {
  return sources.map(({ id }) => id).join('-');
}

/** Of which revisions of its sources an index is. */
export function revisionsOf(sources: readonly { readonly id: string; readonly revision: number }[]): string {
  return sources.map(({ id, revision }) => `${id}.${revision.toString(36)}`).join('-');
}

/** What an index of a package may show; of its files those that no newer one of the same name has replaced. */
export async function readContents<M>(
  table: TableReader,
  ref: PackageHead,
  { versions, files, tags, listed }: Needs,
): Promise<PackageContents<M>> {
  const [[head, ...found], fileItems, tagItems, listedItems] = await Promise.all([
    readVersions(table, ref, versions),
    files ? readFiles(table, ref, versions) : [],
    tags ? queryAll(table, ranges.tags(ref)) : [],
    listed ? queryAll(table, ranges.listed(ref)) : [],
  ]);
  return servedOf({
    head: maybeEntity<PackageHead>(head) ?? ref,
    versions: found.flatMap((item) => (item ? [entityOf<Version<M>>(item)] : [])),
    tags: tagItems.map((item) => entityOf<Tag>(item)),
    files: fileItems.filter((item) => !isOlderFile(item)).map((item) => entityOf<PackageFile>(item)),
    listed: listedItems.map((item) => entityOf<ListedPackage>(item)),
  });
}

/** The head, and the versions after it. Of a package that is read whole the head is known already. */
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
