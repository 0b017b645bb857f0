import type { PackageFile, PackageRef } from '../../../domain/packages.ts';
import { walkProjects } from '../../accounts/list-accounts.ts';
import type { Registry } from '../../context.ts';
import { entityOf, type PackagePointer } from '../../records/entities.ts';
import { ranges } from '../../records/keys.ts';
import { queryPages } from '../../records/query-all.ts';

/** A file with the package and the project it is in. */
export interface FoundFile {
  readonly file: PackageFile;
  readonly ref: PackageRef;
  readonly projectPath: string;
}

/** Every file of the instance, older ones of a name and those of projects that are being deleted among them. */
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
  for await (const items of queryPages(registry.table, ranges.deletedProjects())) {
    for (const item of items) yield entityOf<{ id: number; fullPath: string }>(item);
  }
}

/** The packages of a project, each once. */
async function* packagesOf(registry: Registry, projectId: number): AsyncGenerator<PackageRef> {
  const seen = new Set<string>();
  for await (const items of queryPages(registry.table, ranges.packageIds(projectId))) {
    for (const item of items) {
      const { format, name } = entityOf<PackagePointer>(item);
      const id = `${format} ${name}`;
      if (seen.has(id)) continue;
      seen.add(id);
      yield { projectId, format, name };
    }
  }
}
