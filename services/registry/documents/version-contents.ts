import type { PackageFile, PackageHead, PackageRef, Version } from '../../domain/packages.ts';
import type { Item, TableReader } from '../../ports/table.ts';
import { entityOf } from '../records/entities.ts';
import { beforeOlderFiles, isOlderFile, keys, ranges } from '../records/keys.ts';
import { type PackageContents, servedOf } from './package-contents.ts';

/** How many files of a version its own index is made from. */
export const MAX_FILES = 1000;

/** How many pages are read to find them: older files, of which one name may have very many, stand between them. */
const MAX_PAGES = 100;

/** One version and its files; of more than `MAX_FILES` the last by name. */
export async function readVersionContents<M>(
  table: TableReader,
  head: PackageHead,
  version: string,
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

/** The last `MAX_FILES` files of a version, by name, that no newer file of the same name has replaced. */
async function readCurrentFiles(table: TableReader, ref: PackageRef, version: string): Promise<Item[]> {
  const files: Item[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES && files.length < MAX_FILES; pages++) {
    const range = { ...ranges.filesOf(ref, version), reverse: true, limit: MAX_FILES };
    const page = await table.query(after === undefined ? range : { ...range, after });
    files.push(...page.items.filter((each) => !isOlderFile(each)));
    const last = page.items.at(-1);
    if (!page.more || !last) break;
    // However many older files of one name are left, the next page begins behind them.
    after = isOlderFile(last) ? beforeOlderFiles(last) : last.sk;
  }
  return files.slice(0, MAX_FILES);
}
