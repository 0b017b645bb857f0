import type { Registry } from '../../../context.ts';
import { entityOf, type PackagePointer } from '../../../records/entities.ts';
import { indexes, inIndex1, keys, ranges, versionByName } from '../../../records/keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { everyProject } from '../../check/walk-files.ts';
import { unlessChanged } from '../unless-changed.ts';

/** Moves the rows of versions to the index by format and name in lower case, in which lists are ordered. */
export async function indexVersionsByName(registry: Registry, signal: AbortSignal): Promise<boolean> {
  const { table } = registry;
  for await (const { id: projectId } of everyProject(registry)) {
    const index = indexes.packagesByName(projectId).pk;
    for await (const items of queryPages(table, ranges.packageIds(projectId))) {
      for (const item of items) {
        if (signal.aborted) return false;
        if (item.index1pk === index) continue;
        const row = entityOf<PackagePointer>(item);
        const set = inIndex1(index, versionByName(row));
        const key = keys.packageId(projectId, row.id);
        await unlessChanged(() => table.update(key, { set }, { exists: true }));
      }
    }
  }
  return true;
}
