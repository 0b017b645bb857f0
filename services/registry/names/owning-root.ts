/** Which root namespace a package name belongs to. Decides what is served under the name at instance level. */
import type { FormatRules } from '../../domain/format-rules.ts';
import { type PackageName, parseFullPath } from '../../domain/names.ts';
import type { Key, TableReader } from '../../ports/table.ts';
import { leadsTo, type StoredRoute } from '../accounts/routes.ts';
import type { Registry } from '../context.ts';
import { type FirstHolders, listHolders, type NameQuery } from '../packages/locate-packages.ts';
import type { BoundPrefix, NameEntry, NameOwner } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { prefixesOf } from './prefixes-of.ts';

/** The facts of a format that decide about names. */
export type NameRules = Pick<FormatRules, 'id' | 'namespaceOf' | 'prefixes' | 'projectOnly'>;

/**
 * The id of the root namespace that a name belongs to. Null if it belongs to nobody: an administrator has released
 * it, or its own namespace does not exist. Undefined if it has no owner because no project has published it since
 * names have owners, and the upgrade has not reached it yet.
 */
export type OwningRoot = number | null | undefined;

/** The keys of the items that tell to which root namespace a name belongs, to be read with other items. */
export interface OwnershipPlan {
  readonly keys: readonly Key[];
  owningRoot(items: Items): OwningRoot;
}

/**
 * Plans how to find the root namespace of a name: that of the longest bound prefix; else the namespace in the
 * name itself; else the owner, the root namespace that published the name first.
 */
export function planOwnership(format: NameRules, name: PackageName): OwnershipPlan {
  const bound = prefixesOf(format, name).map((prefix) => keys.boundPrefix(format.id, prefix));
  const namespace = format.namespaceOf?.(name);
  const path = namespace === undefined ? undefined : parseFullPath(namespace);
  const route = path && keys.route(path);
  const owner = keys.nameOwner(format.id, name);
  return {
    keys: [...bound, route ?? owner],
    owningRoot(items) {
      for (const key of bound) {
        const binding = items.get<BoundPrefix>(key);
        if (binding) return binding.rootId;
      }
      if (namespace !== undefined) return (route && leadsTo(items.get<StoredRoute>(route))) ?? null;
      const found = items.get<NameOwner>(owner);
      return found && (found.rootId ?? null);
    },
  };
}

/** Reads to which root namespaces names belong. One round trip for a few dozen names. */
export async function owningRoots(
  table: TableReader,
  format: NameRules,
  names: readonly PackageName[],
): Promise<ReadonlyMap<PackageName, OwningRoot>> {
  const plans = [...new Set(names)].map((name) => ({ name, plan: planOwnership(format, name) }));
  const items = await readItems(
    table,
    plans.flatMap(({ plan }) => plan.keys),
  );
  return new Map(plans.map(({ name, plan }) => [name, plan.owningRoot(items)]));
}

/** Whether projects below a root namespace serve a name at instance level. */
export function servesName(root: OwningRoot, rootId: number): boolean {
  return root === undefined || root === rootId;
}

/**
 * The query for those of a name's holders that serve it at instance level: the projects of the root namespace that it
 * belongs to. While it has no owner, that is the root namespace of the oldest project. Undefined if none serves it.
 */
export async function servingQuery(
  registry: Pick<Registry, 'table'>,
  query: NameQuery,
  first: FirstHolders,
  root: OwningRoot,
): Promise<NameQuery | undefined> {
  if (root === null) return undefined;
  if (root !== undefined) return { ...query, groups: [root] };
  const holders = first.more ? await listHolders(registry, query) : first.holders;
  const [oldest] = holders;
  return oldest && { ...query, groups: [oldest.rootId] };
}

/** Returns those of a name's holders that serve it at instance level, the one with the lowest id first. */
export async function servingHolders(
  registry: Pick<Registry, 'table'>,
  query: NameQuery,
  first: FirstHolders,
  root: OwningRoot,
): Promise<readonly NameEntry[]> {
  const serving = await servingQuery(registry, query, first, root);
  if (!serving) return [];
  if (first.more) return listHolders(registry, serving);
  return first.holders.filter(({ rootId }) => rootId === serving.groups?.[0]);
}
