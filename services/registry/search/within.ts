import type { Group, Project } from '../../domain/accounts.ts';
import type { NameEntry } from '../records/entities.ts';
import type { NamesOwner } from '../records/keys.ts';

/** Where to search for packages: in a project, in a group and everything below it, or in the whole instance. */
export type Within = { readonly project: Project } | { readonly group: Group } | 'instance';

/** The partition with the names of a project or of the instance; for a group, the one of its root namespace. */
export function partitionOf(within: Within): NamesOwner {
  if (within === 'instance') return within;
  if ('project' in within) return { kind: 'project', id: within.project.id };
  return { kind: 'group', id: within.group.ancestors[0] ?? within.group.id };
}

/** Whether an entry of the partition belongs to a project in the searched project, group or instance. */
export function isWithin(entry: Pick<NameEntry, 'ancestors'>, within: Within): boolean {
  return within === 'instance' || !('group' in within) || entry.ancestors.includes(within.group.id);
}
