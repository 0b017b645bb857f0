import type { Project } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { listHolders, nameQuery } from '../packages/locate-packages.ts';
import { forEachOf } from '../records/read-many.ts';
import { owningNames } from './owning-names.ts';
import { Hits, type PackageQuery, type SearchHit } from './search-packages.ts';

/**
 * The packages with exactly these names, through the name index rather than search words. In a project, every
 * name is returned, whether it exists or not.
 */
export async function findNames(
  registry: Registry,
  query: PackageQuery,
  names: readonly PackageName[],
): Promise<SearchHit[]> {
  const { format, within, principal } = query;
  if (within !== 'instance' && 'project' in within) {
    return names.map((name) => ({ name, projects: [within.project] }));
  }
  const group = within === 'instance' ? undefined : within.group;
  const entries = await forEachOf(names, async (name) => {
    const holders = await listHolders(registry, nameQuery(format.id, name, group));
    return holders.map((entry) => ({ ...entry, name }));
  });
  const projects = new Map<number, Project | undefined>();
  const [serves] = await Promise.all([
    owningNames(registry, format, within, entries),
    readProjects(registry, principal, entries, projects, (project) => project),
  ]);
  const hits = new Hits();
  for (const entry of entries) {
    const project = projects.get(entry.projectId);
    if (project && serves(entry)) hits.add(entry.name, project);
  }
  return hits.all();
}
