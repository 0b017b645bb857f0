import type { Group, Project } from '../../../../domain/accounts.ts';
import type { Query } from '../../../../ports/table.ts';
import type { Registry } from '../../../context.ts';
import { entityOf } from '../../../records/entities.ts';
import { indexes, inIndex1, keys, padId } from '../../../records/keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { unlessChanged } from '../unless-changed.ts';

/** Moves groups and projects from the one list of all to the lists by visibility. */
export async function listByVisibility(registry: Registry, signal: AbortSignal): Promise<boolean> {
  return (
    (await moveAll(registry, signal, {
      from: indexes.formerProjects,
      to: indexes.projects,
      key: keys.project,
    })) &&
    (await moveAll(registry, signal, { from: indexes.formerGroups, to: indexes.groups, key: keys.group }))
  );
}

/** A list to move. */
interface Lists {
  readonly from: Query;
  readonly to: typeof indexes.projects | typeof indexes.groups;
  readonly key: typeof keys.project;
}

async function moveAll({ table }: Registry, signal: AbortSignal, { from, to, key }: Lists): Promise<boolean> {
  for await (const items of queryPages(table, from)) {
    for (const item of items) {
      if (signal.aborted) return false;
      const { id, visibility } = entityOf<Project | Group>(item);
      const when = { exists: true, equals: { visibility } };
      await unlessChanged(() => table.update(key(id), { set: inIndex1(to(visibility).pk, padId(id)) }, when));
    }
  }
  return true;
}
