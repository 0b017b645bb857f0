import type { Project } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import { owningRoots, servingHolders } from '../names/owning-root.ts';
import { firstHolders, listHolders, nameQuery } from '../packages/locate-packages.ts';
import { forEachOf } from '../records/read-many.ts';
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
    return names.map((name) => ({ name, projects: [within.project], withheld: [] }));
  }
  const group = within === 'instance' ? undefined : within.group;
  const [roots, found] = await Promise.all([
    group ? undefined : owningRoots(registry.table, format, names),
    forEachOf(names, async (name) => {
      return [{ name, first: await firstHolders(registry, nameQuery(format.id, name, group)) }];
    }),
  ]);
  const entries = await forEachOf(found, async ({ name, first }) => {
    const query = nameQuery(format.id, name, group);
    const inGroup = () => (first.more ? listHolders(registry, query) : first.holders);
    const serving = await (roots ? servingHolders(registry, query, first, roots.get(name)) : inGroup());
    return serving.map((entry) => ({ ...entry, name }));
  });
  const known = new Map<number, { readonly project: Project; readonly readable: boolean } | undefined>();
  await readProjects(registry, principal, entries, known, (project, readable) => ({ project, readable }));
  const hits = new Hits();
  for (const { name, projectId } of entries) {
    const { project, readable } = known.get(projectId) ?? {};
    if (!project) continue;
    if (readable) hits.add(name, project);
    else hits.withhold(name, projectId);
  }
  return hits.all();
}
