import { fitsInside, type RegistryAccess, type Visibility } from '../../domain/access.ts';
import type { Group, Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { Registry } from '../context.ts';
import { maybeEntity } from '../records/entities.ts';
import { indexes, inIndex1, keys, padId } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { accountEvent, changedFields } from './account-event.ts';
import { movePath, writeMoving } from './move-path.ts';
import { checkPath, fullPathOf, invalidField } from './paths.ts';
import { hasPublished } from './routes.ts';
import type { Requester } from './take-path.ts';

/** Changes to a project; undefined fields stay as they are. */
export interface ProjectChanges {
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  readonly visibility?: Visibility | undefined;
  readonly registryAccess?: RegistryAccess | undefined;
  readonly containerAccess?: RegistryAccess | undefined;
  readonly archived?: boolean | undefined;
}

/**
 * Changes a project. A new path replaces the old one immediately; reads of the old path lead to the new one.
 * @throws RegistryError `projectNotFound` if it is gone, `invalidRequest` if the changes are not allowed, `conflict` if the
 * path can't change yet because the paths in its group are still changing.
 */
export async function changeProject(
  registry: Registry,
  project: Project,
  changes: ProjectChanges,
  actor: Actor,
  by: Requester = {},
): Promise<Project> {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  if (changes.path !== undefined && changes.path !== project.path) checkPath(changes.path);
  return retryChanged(async () => {
    const now = registry.clock.now();
    const [projectItem, namespaceItem] = await registry.table.getMany([
      keys.project(project.id),
      keys.group(project.namespaceId),
    ]);
    const before = maybeEntity<Project>(projectItem);
    const namespace = maybeEntity<Group>(namespaceItem);
    if (!before || !namespace) throw new RegistryError('projectNotFound');
    const next: Project = { ...before, ...given, updatedAt: now };
    const changesPath = next.path !== before.path;
    if (changesPath && namespace.moving) {
      throw new RegistryError(
        'conflict',
        'Paths are still following a change of the group; try again in a moment',
      );
    }
    const fullName = `${namespace.fullName} / ${next.name}`;
    const fullPath = fullPathOf(next.path, namespace);
    if (!fitsInside(next.visibility, namespace.visibility)) {
      throw invalidField(
        'visibility_level',
        `${next.visibility} is not allowed in a ${namespace.visibility} group.`,
      );
    }
    const renamed = fullPath !== before.fullPath;
    const known = renamed && (await hasPublished(registry, before)) ? { ...before, published: true } : before;
    const move = await movePath(registry, known, { fullPath, parent: namespace, by });
    await writeMoving(registry, move, [
      {
        update: keys.project(project.id),
        set: {
          ...{ ...given, fullName, fullPath, updatedAt: now },
          ...inIndex1(indexes.projects(next.visibility).pk, padId(project.id)),
        },
        // A first publish in the meantime makes the old path one to reserve.
        when: {
          equals: {
            ...{ fullPath: before.fullPath, visibility: before.visibility },
            ...(renamed && { published: before.published }),
          },
        },
      },
      {
        check: keys.group(namespace.id),
        when: { equals: { visibility: namespace.visibility, ...(changesPath && { moving: undefined }) } },
      },
      ...accountEvent(now, {
        type: 'project_changed',
        actor,
        owner: { kind: 'project', id: project.id, path: fullPath },
        name: fullPath,
        details: changedFields(before, { ...given, fullPath }),
      }),
    ]);
    return { ...next, fullName, fullPath };
  });
}
