import type { Group } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import type { Registry } from '../context.ts';
import { entityOf, type NameEntry } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';

/** The most projects to look up for one name. */
export const MAX_HOLDERS = 1000;

/** A package name to look up in the name index. */
export interface NameQuery {
  readonly format: string;
  readonly name: PackageName;
  /** The root namespace to search; if absent, the whole instance. */
  readonly rootId?: number;
  /** A namespace that the projects must be in, directly or in a subgroup. */
  readonly withinId?: number;
}

/** Returns the query for a name in a group or, if absent, in the whole instance. */
export function nameQuery(format: string, name: PackageName, group?: Group): NameQuery {
  if (!group) return { format, name };
  return { format, name, rootId: group.ancestors[0] ?? group.id, withinId: group.id };
}

/** Returns the projects that hold a name, according to the name index, oldest first. One round trip. */
export async function listHolders(
  { table }: Pick<Registry, 'table'>,
  query: NameQuery,
): Promise<NameEntry[]> {
  const page = await table.query({
    ...ranges.names(query.format, query.name, query.rootId),
    limit: MAX_HOLDERS,
  });
  return page.items
    .map((item) => entityOf<NameEntry>(item))
    .filter(({ ancestors }) => query.withinId === undefined || ancestors.includes(query.withinId))
    .sort((a, b) => a.projectId - b.projectId);
}
