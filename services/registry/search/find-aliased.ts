import type { Principal, Project } from '../../domain/accounts.ts';
import type { PackageFile, PackageRef } from '../../domain/packages.ts';
import type { Item } from '../../ports/table.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { indexes, isOlderFile, keys, packageOf } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { readMany } from '../records/read-many.ts';
import { isWithin, type NameScope } from './name-scope.ts';

/** What alias to look for, where, and for whom. In a project the caller must have been found to be allowed to pull. */
export interface AliasSearch {
  readonly format: string;
  readonly alias: string;
  readonly within: NameScope;
  readonly principal: Principal;
}

/** A file found by its alias, and the package it belongs to. */
export interface AliasedFile<M = unknown> {
  readonly ref: PackageRef;
  readonly file: PackageFile<M>;
}

/** How many files of one alias are looked at, and how many at once: the same file in many versions and projects. */
const MAX_FILES = 5000;
const PAGE = 200;

/**
 * The current files of a format that have an alias and that the caller may pull, the last published first. Those of
 * other projects count only towards the most that are looked at. A file just published may be missing for a moment.
 */
export async function* findAliased<M>(
  registry: Registry,
  { format, alias, within, principal }: AliasSearch,
): AsyncGenerator<AliasedFile<M>> {
  const query = { ...indexes.aliases(format, alias), reverse: true, limit: PAGE };
  const projects = new Map<number, Project | undefined>();
  let seen = 0;
  for await (const page of queryPages(registry.table, query)) {
    if (within === 'instance' || 'group' in within)
      await readNew(registry, page, within, principal, projects);
    else projects.set(within.project.id, within.project);
    const open = page.filter((item) => !isOlderFile(item) && projects.get(packageOf(item).projectId));
    for (const item of await readMany(
      registry.table,
      open.map(({ pk, sk }) => ({ pk, sk })),
    )) {
      if (item) yield { ref: packageOf(item), file: entityOf<PackageFile<M>>(item) };
    }
    seen += page.length;
    if (seen >= MAX_FILES) return;
  }
}

/** Reads the projects of files that are not known yet; undefined stays for those that are out of reach. */
async function readNew(
  registry: Registry,
  files: readonly Item[],
  within: NameScope,
  principal: Principal,
  known: Map<number, Project | undefined>,
): Promise<void> {
  const ids = files.map((item) => packageOf(item).projectId).filter((id) => !known.has(id));
  const items = await readMany(
    registry.table,
    ids.map((id) => keys.project(id)),
  );
  const entries = items.flatMap((item) => {
    const project = maybeEntity<Project>(item);
    if (!project) return [];
    const { id: projectId, ancestors } = project;
    return [{ projectId, ancestors, rootId: ancestors[0] ?? 0 }];
  });
  const near = entries.filter((entry) => isWithin(entry, within));
  await readProjects(registry, principal, near, known, (project) => project);
  for (const id of ids) if (!known.has(id)) known.set(id, undefined);
}
