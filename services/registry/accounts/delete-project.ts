import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { deletePackage } from '../packages/delete-version.ts';
import { entityOf, itemOf, maybeEntity, type PackagePointer } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { accountEvent } from './account-event.ts';
import { removeAccess } from './remove-access.ts';

/** How long uploads that were under way when their project was deleted may take to end, in milliseconds. */
const STRAGGLERS = 24 * 3600 * 1000;

/** A project that nobody can reach any more, while what it held is being removed. */
interface DeletedProject extends Project {
  readonly deletedAt: number;
  readonly deletedBy: { readonly kind: Actor['kind']; readonly id: number; readonly name: string };
}

/**
 * Deletes a project: from here on it can't be reached, its tokens are gone, and its path is free. What it held is
 * removed by `emptyDeletedProject`, which the caller may run at once; a job does for what is left.
 */
export async function deleteProject(registry: Registry, project: Project, actor: Actor): Promise<void> {
  const now = registry.clock.now();
  const owner = { kind: 'project', id: project.id } as const;
  try {
    await registry.table.write([
      { delete: keys.project(project.id), when: { equals: { fullPath: project.fullPath } } },
      { delete: keys.route(project.fullPath) },
      {
        put: itemOf(keys.deletedProject(project.id), {
          ...withoutKeys(project),
          deletedAt: now,
          deletedBy: { ...actor },
        }),
      },
      { update: keys.group(project.namespaceId), add: { children: -1 }, when: { exists: true } },
      ...accountEvent(now, {
        type: 'project_deleted',
        actor,
        owner: { ...owner, path: project.fullPath },
        name: project.fullPath,
        details: {},
      }),
    ]);
  } catch (error) {
    if (error instanceof ConditionFailed) throw new RegistryError('projectNotFound');
    throw error;
  }
  await removeAccess(registry, owner);
  registry.log.info('project deleted', { project: project.id });
}

/**
 * Removes the packages of a deleted project, so that nothing refers to their bytes any more, until `signal`. Answers
 * whether none is left. Can be called again, and by several at once.
 */
export async function emptyDeletedProject(
  registry: Registry,
  projectId: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deleted = maybeEntity<DeletedProject>(await registry.table.get(keys.deletedProject(projectId)));
  if (!deleted) return true;
  for await (const pointers of queryPages(registry.table, ranges.packageIds(projectId))) {
    const packages = new Map(
      pointers.map((item) => {
        const { format, name } = entityOf<PackagePointer>(item);
        return [`${format}#${name}`, { format, name }];
      }),
    );
    for (const { format, name } of packages.values()) {
      if (signal?.aborted) return false;
      await deletePackage(registry, { project: deleted, actor: deleted.deletedBy, format, name });
    }
  }
  return true;
}

/**
 * Removes what deleted projects held, until `signal`; a project is forgotten when it is empty and no upload to it can
 * still be under way.
 */
export async function emptyDeletedProjects(registry: Registry, signal?: AbortSignal): Promise<void> {
  for await (const items of queryPages(registry.table, ranges.deletedProjects())) {
    for (const item of items) {
      const { id, deletedAt } = entityOf<DeletedProject>(item);
      await removeAccess(registry, { kind: 'project', id });
      if (!(await emptyDeletedProject(registry, id, signal))) return;
      if (registry.clock.now() - deletedAt > STRAGGLERS) {
        await registry.table.write([{ delete: keys.deletedProject(id) }]);
      }
    }
  }
}

/** The project without the keys its item had, which would list it again. */
function withoutKeys(project: Project): Project {
  const keyed = project as Project & Record<string, unknown>;
  const { pk, sk, index1pk, index1sk, index2pk, index2sk, ...rest } = keyed;
  return rest as Project;
}
