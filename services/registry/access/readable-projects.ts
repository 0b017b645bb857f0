import type { Principal, Project } from '../../domain/accounts.ts';
import { membershipsOf } from '../accounts/memberships.ts';
import type { Registry } from '../context.ts';
import type { NameEntry } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { type ProjectRights, projectRights, rightsFrom, rightsKeys } from './project-rights.ts';

/**
 * Reads the projects of entries that are not in `loaded` yet, with the caller's memberships in them. Adds the
 * result of `keep` for each project, which is given whether the caller may pull from it, and undefined for missing ones.
 */
export async function readProjects<T>(
  { table, clock }: Registry,
  principal: Principal,
  entries: readonly NameEntry[],
  loaded: Map<number, T | undefined>,
  keep: (project: Project, readable: boolean) => T | undefined,
): Promise<void> {
  const unread = entries.filter(({ projectId }) => !loaded.has(projectId));
  const userId = principal.kind === 'user' ? principal.user.id : undefined;
  const items = await readItems(
    table,
    unread.flatMap(({ projectId: id, ancestors }) => [
      keys.project(id),
      ...rightsKeys({ id, ancestors }, userId),
    ]),
  );
  for (const { projectId } of unread) {
    const project = items.get<Project>(keys.project(projectId));
    const rights = project && rightsFrom(items, principal, project, clock.now());
    loaded.set(projectId, rights && keep(project, rights.may('pull')));
  }
}

/** A project from which a caller may pull, and the caller's rights in it. */
export interface ReadableProject {
  readonly project: Project;
  readonly rights: ProjectRights;
}

/** Reads projects by id when they are needed, each once, and remembers those from which the caller may pull. */
export interface ProjectReader {
  /** Reads those of the projects that have not been read yet. Up to two round trips. */
  read(ids: readonly number[]): Promise<void>;
  /** A project that has been read; undefined if it is missing, or if the caller may not pull from it. */
  get(id: number): ReadableProject | undefined;
  /** A project that has been read and exists, if the caller may not pull from it. Nothing of it may be shown. */
  withheld(id: number): Project | undefined;
}

/** See `ProjectReader`. */
export function projectReader(registry: Registry, principal: Principal): ProjectReader {
  const { table, clock } = registry;
  const userId = principal.kind === 'user' && !principal.user.admin ? principal.user.id : undefined;
  const known = new Map<number, ReadableProject | undefined>();
  const withheld = new Map<number, Project>();
  return {
    async read(ids) {
      const unread = [...new Set(ids)].filter((id) => !known.has(id));
      if (unread.length === 0) return;
      const found = await readItems(table, unread.map(keys.project));
      const projects = unread.flatMap((id) => found.get<Project>(keys.project(id)) ?? []);
      const memberships = await readItems(
        table,
        projects.flatMap((project) => rightsKeys(project, userId)),
      );
      for (const id of unread) known.set(id, undefined);
      for (const project of projects) {
        const rights = rightsFrom(memberships, principal, project, clock.now());
        if (rights.may('pull')) known.set(project.id, { project, rights });
        else withheld.set(project.id, project);
      }
    },
    get: (id) => known.get(id),
    withheld: (id) => withheld.get(id),
  };
}

/** The given projects from which the caller may pull. Reads the caller's memberships as one range. */
export async function readableAmong(
  registry: Registry,
  principal: Principal,
  projects: readonly Project[],
): Promise<ReadableProject[]> {
  const memberships = await membershipsOf(registry, principal);
  const now = registry.clock.now();
  return projects.flatMap((project) => {
    const rights = projectRights(principal, project, memberships.applyingTo(project, 'project'), now);
    return rights.may('pull') ? [{ project, rights }] : [];
  });
}
