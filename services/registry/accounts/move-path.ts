import type { Group, Project } from '../../domain/accounts.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type Claim, claimPath, MAX_SUCCEEDED, pathTaken } from './claim-path.ts';
import { leavePath } from './routes.ts';

/** How a change moves the route of a group or project. */
export interface PathMove {
  /** The writes, the first of which claims the new path; empty if the path stays. */
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
  { fullPath, parent, by }: Pick<Claim, 'fullPath' | 'parent' | 'by'>,
): Promise<PathMove> {
  if (before.fullPath.toLowerCase() === fullPath.toLowerCase()) return { writes: [], set: {} };
  const kind = 'namespaceId' in before ? 'project' : 'group';
  const claim = await claimPath(registry, { fullPath, route: { kind, id: before.id }, parent, by });
  const earlier = 'succeeds' in before ? (before.succeeds ?? []) : [];
  const taken = claim.succeeds.filter((id) => id !== before.id && !earlier.includes(id));
  const succeeds = [...taken, ...earlier].slice(0, MAX_SUCCEEDED);
  return {
    writes: [claim.write, await leavePath(registry, before, 'moved')],
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
    const claim = error instanceof ConditionFailed && error.operation === 0 && move.writes.length > 0;
    throw claim ? pathTaken() : error;
  }
}
