import type { PackageFile, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { isOlderFile } from '../records/parse-keys.ts';
import { queryPages } from '../records/query-all.ts';

/**
 * Returns whether a version has files; they may all have been removed one by one. Files of an earlier, removed
 * version of the same name do not count.
 */
export async function hasFiles({ table }: Pick<Registry, 'table'>, version: Version): Promise<boolean> {
  for await (const items of queryPages(table, ranges.filesOf(version, version.version))) {
    const own = items.filter((item) => !isOlderFile(item)).map((item) => entityOf<PackageFile>(item));
    if (own.some(({ versionId }) => versionId === version.id)) return true;
  }
  return false;
}
