import type { Registry } from '../../../context.ts';
import { ranges } from '../../../records/keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { unlessChanged } from '../unless-changed.ts';

/** Makes deleted projects of schema 1, which could not be restored, due to be purged. */
export async function dateRemovedProjects({ table }: Registry, signal: AbortSignal): Promise<boolean> {
  for await (const items of queryPages(table, ranges.removedProjects())) {
    for (const { pk, sk, removedAt, deletedAt, deletedBy } of items) {
      if (signal.aborted) return false;
      if (removedAt !== undefined || typeof deletedAt !== 'number') continue;
      const set = {
        removedAt: deletedAt,
        removedBy: deletedBy,
        purgeAt: deletedAt,
        deletedAt: undefined,
        deletedBy: undefined,
      };
      await unlessChanged(() => table.update({ pk, sk }, { set }, { equals: { deletedAt } }));
    }
  }
  return true;
}
