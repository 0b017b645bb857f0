import type { Group, Project } from '../../domain/accounts.ts';
import type { NameEntry } from '../records/entities.ts';
import type { SearchScope } from '../records/keys.ts';

/** Where names are asked for. */
export type NameScope = { readonly project: Project } | { readonly group: Group } | 'instance';

/** The partition in which the names of a scope are, together with those of the groups around it. */
export function partitionOf(within: NameScope): SearchScope {
  if (within === 'instance') return within;
  if ('project' in within) return { kind: 'project', id: within.project.id };
  return { kind: 'group', id: within.group.ancestors[0] ?? within.group.id };
}

/** Whether an entry of the scope's partition is in the scope itself. */
export function isWithin(entry: NameEntry, within: NameScope): boolean {
  return within === 'instance' || !('group' in within) || entry.ancestors.includes(within.group.id);
}
