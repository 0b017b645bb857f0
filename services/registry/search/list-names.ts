import type { Principal } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import type { NameRules } from '../names/owning-root.ts';
import { entityOf, type NamedEntry } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { owningNames } from './owning-names.ts';
import { isWithin, partitionOf, type Within } from './within.ts';

/** Which names to list, and for whom. */
export interface NameList {
  readonly format: NameRules;
  readonly within: Within;
  readonly principal: Principal;
}

/**
 * Every package name of a format that the caller may pull in a project, group or the instance: each once, in
 * byte order, page by page. Memory use does not grow with the number of names.
 */
export async function* listNames(
  registry: Registry,
  { format, within, principal }: NameList,
): AsyncGenerator<readonly PackageName[]> {
  const readable = new Map<number, true | undefined>();
  let last: string | undefined;
  for await (const page of queryPages(registry.table, ranges.namesIn(partitionOf(within), format.id))) {
    const entries = page.map((item) => entityOf<NamedEntry>(item)).filter((entry) => isWithin(entry, within));
    const [serves] = await Promise.all([
      owningNames(registry, format, within, entries),
      readProjects(registry, principal, entries, readable, (_, isReadable) => isReadable || undefined),
    ]);
    const names: PackageName[] = [];
    for (const entry of entries) {
      const { name } = entry;
      if (name === last || !readable.get(entry.projectId) || !serves(entry)) continue;
      last = name;
      names.push(name);
    }
    if (names.length > 0) yield names;
  }
}
