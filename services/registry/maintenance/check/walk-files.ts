import type { PackageFile, PackageRef } from '../../../domain/packages.ts';
import type { Item } from '../../../ports/table.ts';
import { walkProjects } from '../../accounts/list-accounts.ts';
import type { Registry } from '../../context.ts';
import { entityOf, type PackagePointer } from '../../records/entities.ts';
import { indexes, packageOf, ranges } from '../../records/keys.ts';
import { queryPages } from '../../records/query-all.ts';

/** A file with the package and the project it is in. */
export interface FoundFile {
  readonly file: PackageFile;
  readonly ref: PackageRef;
  readonly projectPath: string;
}

/** Every file of the instance: older copies, and removed files, versions and projects included. */
export async function* walkFiles(registry: Registry): AsyncGenerator<FoundFile> {
  for await (const { id, fullPath } of everyProject(registry)) {
    for await (const ref of packagesOf(registry, id)) {
      for await (const items of queryPages(registry.table, ranges.files(ref))) {
        for (const item of items) yield { file: entityOf<PackageFile>(item), ref, projectPath: fullPath };
      }
    }
  }
}

async function* everyProject(registry: Registry): AsyncGenerator<{ id: number; fullPath: string }> {
  yield* walkProjects(registry);
  for await (const items of queryPages(registry.table, ranges.removedProjects())) {
    for (const item of items) yield entityOf<{ id: number; fullPath: string }>(item);
  }
}

/** The packages of a project, each once, those of which every version was removed included. */
async function* packagesOf(registry: Registry, projectId: number): AsyncGenerator<PackageRef> {
  const seen = new Set<string>();
  for (const range of [ranges.packageIds(projectId), indexes.removedIn(projectId)]) {
    for await (const items of queryPages(registry.table, range)) {
      for (const item of items) {
        const { format, name } = packageFrom(item);
        const id = `${format} ${name}`;
        if (seen.has(id)) continue;
        seen.add(id);
        yield { projectId, format, name };
      }
    }
  }
}

/** The package that a pointer or a removed version or file is of. */
function packageFrom(item: Item): Pick<PackageRef, 'format' | 'name'> {
  return item.format === undefined ? packageOf(item) : entityOf<PackagePointer>(item);
}
