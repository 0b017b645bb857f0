import { fitsInside, type RegistryAccess, type Visibility } from '../../domain/access.ts';
import type { Group, Project } from '../../domain/accounts.ts';
import type { Actor } from '../../domain/events.ts';
import type { Item } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex1, inIndex2, keys, padId } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { childAdded, takingPath } from './create-user.ts';
import { checkPath, fullPathOf, invalidField } from './paths.ts';
import { type Requester, takePath } from './take-path.ts';

/** A project to create in a group or user namespace. */
export interface NewProject {
  readonly namespace: Group;
  readonly name: string;
  readonly path: string;
  readonly description?: string | undefined;
  readonly visibility?: Visibility | undefined;
  readonly registryAccess?: RegistryAccess | undefined;
  readonly containerAccess?: RegistryAccess | undefined;
  readonly creatorId: number;
  /** Who asks for the path; by default someone without a right to paths reserved for others. */
  readonly by?: Requester | undefined;
  readonly actor?: Actor | undefined;
}

/**
 * Creates a project.
 * @throws RegistryError `invalidRequest` if the path is invalid or taken, or if the project would be more
 * visible than its namespace.
 */
export async function createProject(registry: Registry, input: NewProject): Promise<Project> {
  const now = registry.clock.now();
  const { namespace } = input;
  const path = checkPath(input.path);
  const visibility = input.visibility ?? 'private';
  if (!fitsInside(visibility, namespace.visibility)) {
    throw invalidField(
      'visibility_level',
      `${visibility} is not allowed in a ${namespace.visibility} group.`,
    );
  }
  const id = await registry.ids.next('project');
  const project: Project = {
    id,
    name: input.name,
    path,
    fullName: `${namespace.fullName} / ${input.name}`,
    fullPath: fullPathOf(path, namespace),
    namespaceId: namespace.id,
    ancestors: [...namespace.ancestors, namespace.id],
    description: input.description ?? '',
    visibility,
    registryAccess: input.registryAccess ?? 'enabled',
    ...(input.containerAccess && { containerAccess: input.containerAccess }),
    archived: false,
    creatorId: input.creatorId,
    createdAt: now,
    updatedAt: now,
  };
  const { fullPath } = project;
  const route = { kind: 'project', id } as const;
  const newPath = await takePath(registry, { fullPath, route, parent: namespace, by: input.by ?? {} });
  await takingPath(() =>
    registry.table.write([
      newPath.write,
      { put: projectItem(project), when: { exists: false } },
      childAdded(namespace),
      ...accountEvent(now, {
        type: 'project_created',
        actor: input.actor,
        owner: { kind: 'project', id, path: project.fullPath },
        name: project.fullPath,
        details: {
          ...{ visibility, registryAccess: project.registryAccess },
          ...(project.containerAccess && { containerAccess: project.containerAccess }),
        },
      }),
    ]),
  );
  return project;
}

/** The item of a project, indexed among all projects and among the children of its namespace. */
export function projectItem(project: Project): Item {
  const { id, namespaceId } = project;
  return itemOf(keys.project(id), project, {
    ...inIndex1(indexes.projects(project.visibility).pk, padId(id)),
    ...inIndex2(indexes.children(namespaceId).pk, `project#${padId(id)}`),
  });
}
