import type { VersionName } from '../../domain/names.ts';
import type { PackageFile, PackageHead, PackageRef, Version } from '../../domain/packages.ts';
import type { Item, TableReader } from '../../ports/table.ts';
import { entityOf } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { beforeOlderFiles, isOlderFile } from '../records/parse-keys.ts';
import { type PackageContents, servedOf } from './package-contents.ts';

/** The most files in the index of a version. */
export const MAX_FILES = 1000;

/** The most pages to read to find them: between them are older files, and one name may have very many. */
const MAX_PAGES = 100;

/** Reads one version and its files; if it has more than `MAX_FILES`, the last ones by name. */
export async function readVersionContents<M>(
  table: TableReader,
  head: PackageHead,
  version: VersionName,
): Promise<PackageContents<M>> {
  const [item, files] = await Promise.all([
    table.get(keys.version(head, version)),
    readCurrentFiles(table, head, version),
  ]);
  return servedOf({
    head,
    versions: item ? [entityOf<Version<M>>(item)] : [],
    tags: [],
    files: files.map((each) => entityOf<PackageFile>(each)),
  });
}

/** Reads the last `MAX_FILES` current files of a version, by name. */
async function readCurrentFiles(table: TableReader, ref: PackageRef, version: VersionName): Promise<Item[]> {
  const files: Item[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES && files.length < MAX_FILES; pages++) {
    const range = { ...ranges.filesOf(ref, version), reverse: true, limit: MAX_FILES };
    const page = await table.query(after === undefined ? range : { ...range, after });
    files.push(...page.items.filter((each) => !isOlderFile(each)));
    const last = page.items.at(-1);
    if (!page.more || !last) break;
    // The next page skips all remaining older files of this name.
    after = isOlderFile(last) ? beforeOlderFiles(last) : last.sk;
  }
  return files.slice(0, MAX_FILES);
}
