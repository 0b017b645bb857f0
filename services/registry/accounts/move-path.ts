import type { Group, Project } from '../../domain/accounts.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { leavePath } from './routes.ts';
import { MAX_SUCCEEDED, type PathRequest, pathTaken, takePath } from './take-path.ts';

/** How a change moves the route of a group or project. */
export interface PathMove {
  /** The writes, the first of which takes the new path; empty if the path stays. */
  readonly writes: readonly Write[];
  /** Further attributes to set on the group. */
  readonly set: Pick<Group, 'succeeds'>;
}

/**
 * Plans to move the route of a group or project to a new path. Reads of the old path lead to the new one.
 * @throws RegistryError `invalidRequest` if the new path is taken
 */
export async function movePath(
  registry: Registry,
  before: Group | Project,
  { fullPath, parent, by }: Pick<PathRequest, 'fullPath' | 'parent' | 'by'>,
): Promise<PathMove> {
  if (before.fullPath.toLowerCase() === fullPath.toLowerCase()) return { writes: [], set: {} };
  const kind = 'namespaceId' in before ? 'project' : 'group';
  const newPath = await takePath(registry, { fullPath, route: { kind, id: before.id }, parent, by });
  const earlier = 'succeeds' in before ? (before.succeeds ?? []) : [];
  const taken = newPath.succeeds.filter((id) => id !== before.id && !earlier.includes(id));
  const succeeds = [...taken, ...earlier].slice(0, MAX_SUCCEEDED);
  return {
    writes: [newPath.write, await leavePath(registry, before, 'moved')],
    set: taken.length > 0 ? { succeeds } : {},
  };
}

/**
 * Executes the writes of a move together with those of a change.
 * @throws RegistryError `invalidRequest` if the new path is taken.
 */
export async function writeMoving(
  registry: Registry,
  move: PathMove,
  writes: readonly Write[],
): Promise<void> {
  try {
    await registry.table.write([...move.writes, ...writes]);
  } catch (error) {
    const taken = error instanceof ConditionFailed && error.operation === 0 && move.writes.length > 0;
    throw taken ? pathTaken() : error;
  }
}
