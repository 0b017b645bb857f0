import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';

/**
 * Retries a publish while the data it read is changed concurrently, as `retryChanged` does. The first publish to a
 * project, which is recorded in the project, stops when the project is gone.
 * @throws RegistryError `projectNotFound`, or `contended` if others keep changing the data.
 */
export function retryPublish<T>(
  { table }: Pick<Registry, 'table'>,
  project: Project,
  attempt: () => Promise<T>,
): Promise<T> {
  return retryChanged(async () => {
    try {
      return await attempt();
    } catch (error) {
      const mayBeGone = error instanceof ConditionFailed && !project.published;
      if (mayBeGone && !(await table.get(keys.project(project.id))))
        throw new RegistryError('projectNotFound');
      throw error;
    }
  });
}
