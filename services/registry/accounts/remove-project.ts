import { fitsInside } from '../../domain/access.ts';
import type { Group, Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed, type Item, type Write } from '../../ports/table.ts';
import { mapConcurrently } from '../../shared/map-concurrently.ts';
import type { Registry } from '../context.ts';
import { removeIndexes } from '../indexes/project-indexes.ts';
import { releaseAllBlobs } from '../package-blobs/collect-unused.ts';
import { entityOf, itemOf, maybeEntity, type PackagePointer, plainEntity } from '../records/entities.ts';
import { indexes, keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { readMany } from '../records/read-many.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { purgeItem, purgeVersion, tryWrite } from '../removal/purge.ts';
import { unlessGone, withdrawVersion } from '../removal/remove-version.ts';
import { type Removal, removalBy } from '../removal/removed.ts';
import { accountEvent } from './account-event.ts';
import { projectItem } from './create-project.ts';
import { childAdded, childrenRemoved } from './create-user.ts';
import { removeMembers, removeTokens } from './remove-access.ts';
import { hasPublished, leavePath } from './routes.ts';
import { takePath } from './take-path.ts';

/** How many packages of a project are purged at once. Versions of one package would wait for each other. */
const PACKAGES_AT_ONCE = 16;

/** How long uploads already in progress when their project is removed may take to finish, in milliseconds. */
const UPLOAD_GRACE = 24 * 3600 * 1000;

/** A removed project: neither it nor its packages can be reached. */
export interface RemovedProject extends Project, Removal {
  /** Set once purging has begun: the project can no longer be restored. */
  readonly purging?: true;
}

/** The most projects that one transaction removes: each takes four writes of at most 100. */
export const REMOVED_AT_ONCE = 20;

/**
 * Removes a project with everything in it, in one transaction. Its path stays reserved if packages were published
 * in it, and becomes available otherwise. Its tokens are deleted permanently. It can be restored, with its members, until its retention ends; then a job purges it.
 * @throws RegistryError `projectNotFound` if it no longer exists.
 */
export async function removeProject(registry: Registry, project: Project, actor: Actor): Promise<void> {
  await retryChanged(() => removeTogether(registry, [project], actor));
}

/**
 * Removes at most `REMOVED_AT_ONCE` projects of one namespace in one transaction, as `removeProject` does. Leaves out
 * those that no longer exist.
 */
export async function removeProjects(
  registry: Registry,
  projects: readonly Project[],
  actor: Actor,
): Promise<void> {
  try {
    await removeTogether(registry, projects, actor);
  } catch (error) {
    if (!isOutdated(error)) throw error;
    for (const project of projects) await unlessOutdated(removeProject(registry, project, actor));
  }
}

/** Whether a removal failed because a project was changed or removed since it was read. */
function isOutdated(error: unknown): boolean {
  if (error instanceof ConditionFailed) return true;
  return error instanceof RegistryError && error.code === 'projectNotFound';
}

async function unlessOutdated(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isOutdated(error)) throw error;
  }
}

/** Removes projects of one namespace in one transaction, and then their tokens. */
async function removeTogether(registry: Registry, projects: readonly Project[], actor: Actor): Promise<void> {
  const [first] = projects;
  if (!first) return;
  const stored = await readMany(
    registry.table,
    projects.map(({ id }) => keys.project(id)),
  );
  const planned = await Promise.all(
    projects.map(async ({ fullPath }, index) => {
      const current = maybeEntity<Project>(stored[index]);
      if (current?.fullPath !== fullPath) throw new RegistryError('projectNotFound');
      return planRemoval(registry, current, actor);
    }),
  );
  await registry.table.write([
    ...planned.flatMap(({ writes }) => writes),
    childrenRemoved(
      first.namespaceId,
      planned.map(({ known }) => known),
    ),
  ]);
  await mapConcurrently(projects, PACKAGES_AT_ONCE, async ({ id }) => {
    await removeTokens(registry, { kind: 'project', id });
    registry.log.info('project removed', { project: id });
  });
}

/** The writes that remove a project, except for that of its namespace. They fail if it has changed. */
async function planRemoval(
  registry: Registry,
  current: Project,
  actor: Actor,
): Promise<{ readonly writes: readonly Write[]; readonly known: Project }> {
  const { id, fullPath, updatedAt, published } = current;
  const known: Project = (await hasPublished(registry, current))
    ? { ...plainEntity(current), published: true }
    : plainEntity(current);
  const removed: RemovedProject = { ...known, ...removalBy(registry, actor) };
  const writes = [
    { delete: keys.project(id), when: { equals: { fullPath, updatedAt, published } } },
    await leavePath(registry, known, 'deleted'),
    { put: itemOf(keys.removedProject(id), removed) },
    ...accountEvent(registry.clock.now(), {
      type: 'project_deleted',
      actor,
      owner: { kind: 'project', id, path: fullPath },
      name: fullPath,
      details: {},
    }),
  ];
  return { writes, known };
}

/**
 * Restores a removed project under its former path. Its visibility is limited to that of its group.
 * @throws RegistryError `projectNotFound` if it was not removed, or is being purged.
 * @throws RegistryError `conflict` if its group is gone or has another path.
 * @throws RegistryError `invalidRequest` if its path is taken.
 */
export async function restoreProject(registry: Registry, id: number, actor: Actor): Promise<Project> {
  return retryChanged(async () => {
    const removed = maybeEntity<RemovedProject>(await registry.table.get(keys.removedProject(id)));
    if (!removed || removed.purging) throw new RegistryError('projectNotFound');
    const namespace = maybeEntity<Group>(await registry.table.get(keys.group(removed.namespaceId)));
    if (!namespace || namespace.removing || `${namespace.fullPath}/${removed.path}` !== removed.fullPath) {
      throw new RegistryError(
        'conflict',
        'The group of this project no longer exists or has a different path',
      );
    }
    const newPath = await takePath(registry, {
      fullPath: removed.fullPath,
      route: { kind: 'project', id },
      parent: namespace,
      by: {},
    });
    // They may still exist if the removal was interrupted.
    await removeTokens(registry, { kind: 'project', id });
    const now = registry.clock.now();
    const { removedAt, removedBy, purgeAt, purging, ...rest } = plainEntity(removed);
    // The group's visibility may have been reduced in the meantime.
    const { visibility } = fitsInside(rest.visibility, namespace.visibility) ? rest : namespace;
    const project: Project = { ...rest, visibility, updatedAt: now };
    await registry.table.write([
      { delete: keys.removedProject(id), when: { equals: { removedAt, purging: undefined } } },
      newPath.write,
      { put: projectItem(project), when: { exists: false } },
      childAdded(namespace),
      ...accountEvent(now, {
        type: 'project_restored',
        actor,
        owner: { kind: 'project', id, path: project.fullPath },
        name: project.fullPath,
        details: {},
      }),
    ]);
    return project;
  });
}

/**
 * Purges the contents of removed projects whose retention has ended, until `signal` aborts. Deletes the record
 * of a project once nothing of it is left and no upload to it can still be in progress. Logs projects that can't be
 * purged, and continues with the next one. Returns whether there is nothing left that another call would purge.
 */
export async function purgeProjects(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  let finished = true;
  for await (const items of queryPages(registry.table, ranges.removedProjects())) {
    for (const item of items) {
      const removed = entityOf<RemovedProject>(item);
      // Projects deleted in schema 1 have no such time until they are upgraded.
      if (!(removed.purgeAt <= registry.clock.now())) continue;
      if (!(await purgeDueProject(registry, removed, signal))) finished = false;
      if (signal?.aborted) return false;
    }
  }
  return finished;
}

/** Purges a project that is due. Returns whether another call would not purge more. */
async function purgeDueProject(
  registry: Registry,
  removed: RemovedProject,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const gone = await purgeRemoved(registry, removed, signal);
    if (gone && registry.clock.now() - removed.removedAt > UPLOAD_GRACE)
      await deleteRecord(registry, removed);
    return true;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    registry.log.error('removed project not purged', { project: removed.id, error });
    // Another process changed the same packages, and may have stopped before it had purged all.
    return error.code !== 'contended';
  }
}

/** Deletes the record of a purged project, unless the project was removed again in the meantime. */
async function deleteRecord(registry: Registry, { id, removedAt }: RemovedProject): Promise<void> {
  const when = { equals: { removedAt, purging: true } };
  await tryWrite(registry, { delete: keys.removedProject(id), when });
}

/** Keeps a project that was restored after it was read, even if it was removed again. */
async function purgeRemoved(
  registry: Registry,
  removed: RemovedProject,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { id, removedAt } = removed;
  const key = keys.removedProject(id);
  const begun = { update: key, set: { purging: true }, when: { exists: true, equals: { removedAt } } };
  if (!(await tryWrite(registry, begun))) return true;
  const owner = { kind: 'project', id } as const;
  await removeTokens(registry, owner);
  await removeMembers(registry, owner);
  for (const range of [ranges.packageIds(id), ranges.idsApart(id)]) {
    for await (const items of queryPages(registry.table, range)) {
      const packages = Map.groupBy(items, (item) => {
        const { format, name } = entityOf<PackagePointer>(item);
        return `${format} ${name}`;
      });
      await mapConcurrently(packages.values(), PACKAGES_AT_ONCE, async (versions) => {
        for (const version of versions) {
          if (signal?.aborted) return;
          await purgePackageVersion(registry, removed, version);
        }
      });
      if (signal?.aborted) return false;
    }
  }
  for await (const items of queryPages(registry.table, indexes.removedIn(id))) {
    for (const item of items) {
      if (signal?.aborted) return false;
      await purgeItem(registry, item);
    }
  }
  return (await releaseAllBlobs(registry, id, signal)) && removeIndexes(registry, id);
}

async function purgePackageVersion(registry: Registry, project: RemovedProject, item: Item): Promise<void> {
  const { format, name, version, id } = entityOf<PackagePointer>(item);
  const input = { project, actor: project.removedBy, format, name, version, id };
  await unlessGone(async () =>
    purgeVersion(registry, await withdrawVersion(registry, input, { fate: 'purged' })),
  );
}
