import type { Project } from '../../domain/accounts.ts';
import type { FullPath, PackageName } from '../../domain/names.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity, type NamedEntry } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { readMany } from '../records/read-many.ts';

/** A package and the path of its project. */
export interface PackagePath {
  readonly projectPath: FullPath;
  readonly name: PackageName;
}

/**
 * A page of all packages of a format, by name and then project, for administrators. Two round trips. `next` continues after
 * the page; undefined if nothing follows.
 */
export async function listPackagePaths(
  { table }: Pick<Registry, 'table'>,
  format: string,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ readonly packages: readonly PackagePath[]; readonly next: string | undefined }> {
  if (limit === 0) return { packages: [], next: undefined };
  const range = ranges.namesIn('instance', format);
  const position = after === undefined ? {} : { after: range.prefix + after.slice(0, 600) };
  const { items, more } = await table.query({ ...range, ...position, limit });
  const entries = items.map((item) => entityOf<NamedEntry>(item));
  const projects = await readMany(
    table,
    entries.map(({ projectId }) => keys.project(projectId)),
  );
  const packages = entries.flatMap(({ name }, index): PackagePath[] => {
    const project = maybeEntity<Project>(projects[index]);
    return project ? [{ projectPath: project.fullPath, name }] : [];
  });
  return { packages, next: more ? items.at(-1)?.sk.slice(range.prefix.length) : undefined };
}
