import type { Project } from '../../../../domain/accounts.ts';
import type { Write } from '../../../../ports/table.ts';
import type { Registry } from '../../../context.ts';
import { groupsOf, rootOf, versionHolderItem } from '../../../packages/package-writes.ts';
import { entityOf, type NamedEntry, type NameEntry, type PackagePointer } from '../../../records/entities.ts';
import { keys, ranges } from '../../../records/keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { readItems } from '../../../records/read-items.ts';
import { everyProject } from '../../check/walk-files.ts';
import { unlessChanged } from '../unless-changed.ts';

/**
 * Moves the entries of names to keys with all groups above the project, and adds entries of versions, by which the
 * projects that hold a name or version are found in any group.
 */
export async function locateHolders(registry: Registry, signal: AbortSignal): Promise<boolean> {
  for await (const project of everyProject(registry)) {
    if (!(await locateVersions(registry, project, signal))) return false;
    if (project.ancestors.length > 1 && !(await locateNames(registry, project, signal))) return false;
  }
  return true;
}

async function locateVersions({ table }: Registry, project: Project, signal: AbortSignal): Promise<boolean> {
  for await (const items of queryPages(table, ranges.packageIds(project.id))) {
    const rows = items.map((item) => {
      const row = entityOf<PackagePointer>(item);
      return { row, put: versionHolderItem(project, row) };
    });
    const stored = await readItems(
      table,
      rows.map(({ put }) => put),
    );
    for (const { row, put } of rows) {
      if (stored.get(put)) continue;
      if (signal.aborted) return false;
      const present = { check: keys.packageId(project.id, row.id), when: { exists: true } };
      await unlessChanged(() => table.write([present, { put }]));
    }
  }
  return true;
}

async function locateNames(registry: Registry, project: Project, signal: AbortSignal): Promise<boolean> {
  const { table } = registry;
  const owner = { kind: 'project', id: project.id } as const;
  for (const { id: format } of await registry.formats()) {
    for await (const items of queryPages(table, ranges.namesIn(owner, format))) {
      for (const item of items) {
        if (signal.aborted) return false;
        const ref = { projectId: project.id, format, name: entityOf<NamedEntry>(item).name };
        const entry: NameEntry = {
          projectId: project.id,
          rootId: rootOf(project),
          ancestors: project.ancestors,
        };
        const writes: Write[] = [
          { check: keys.nameIn(owner, ref), when: { exists: true } },
          { put: { ...keys.name(ref, groupsOf(project)), ...entry } },
          { delete: keys.name(ref, [rootOf(project)]) },
        ];
        await unlessChanged(() => table.write(writes));
      }
    }
  }
  return true;
}
