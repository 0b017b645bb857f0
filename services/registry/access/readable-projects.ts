import type { Principal, Project } from '../../domain/accounts.ts';
import type { Item } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { maybeEntity, type NameEntry } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readMany } from '../records/read-many.ts';
import { effectiveLevelOf, projectMemberKeys } from './access-levels.ts';
import { authorizeProject } from './authorize.ts';

/**
 * Reads the projects of entries that are not `known` yet, with the caller's memberships in them, and adds what `keep`
 * makes of each: undefined stays for those the caller may not pull from.
 */
export async function readProjects<T>(
  registry: Registry,
  principal: Principal,
  entries: readonly NameEntry[],
  known: Map<number, T | undefined>,
  keep: (project: Project) => T,
): Promise<void> {
  const unknown = [...new Map(entries.map((entry) => [entry.projectId, entry])).values()].filter(
    ({ projectId }) => !known.has(projectId),
  );
  const wanted = unknown.map(({ projectId, ancestors }) => [
    keys.project(projectId),
    ...(principal.kind === 'user' ? projectMemberKeys({ id: projectId, ancestors }, principal.user.id) : []),
  ]);
  const items = await readMany(registry.table, wanted.flat());
  let position = 0;
  for (const [index, { projectId }] of unknown.entries()) {
    const length = wanted[index]?.length ?? 0;
    const project = allowed(registry, principal, items.slice(position, position + length));
    known.set(projectId, project && keep(project));
    position += length;
  }
}

function allowed(
  registry: Registry,
  principal: Principal,
  [item, ...memberships]: readonly (Item | undefined)[],
): Project | undefined {
  const project = maybeEntity<Project>(item);
  if (!project) return undefined;
  const level = effectiveLevelOf(memberships, registry.clock.now());
  return authorizeProject('pull', principal, project, level) === 'allow' ? project : undefined;
}
