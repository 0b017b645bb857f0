import type { PackageFile, PackageRef } from '../../../domain/packages.ts';
import type { Item } from '../../../ports/table.ts';
import { walkProjects } from '../../accounts/list-accounts.ts';
import type { Registry } from '../../context.ts';
import { storedDocuments } from '../../indexes/project-indexes.ts';
import { entityOf, type PackagePointer, type StoredClaim } from '../../records/entities.ts';
import { indexes, packageOf, ranges } from '../../records/keys.ts';
import { queryPages } from '../../records/query-all.ts';

/** A file with the package and the project it is in, or a document of an index over all packages of the project. */
export interface FoundFile {
  readonly file: Pick<PackageFile, 'digests' | 'storageKey' | 'size' | 'version' | 'fileName'>;
  readonly ref: PackageRef;
  readonly projectPath: string;
}

/**
 * Everything in the instance that refers to a blob: files, older copies and removed files, versions and projects
 * included, and documents of indexes.
 */
export async function* walkFiles(registry: Registry): AsyncGenerator<FoundFile> {
  for await (const { id, fullPath } of everyProject(registry)) {
    for await (const ref of packagesOf(registry, id)) {
      for await (const items of queryPages(registry.table, ranges.files(ref))) {
        for (const item of items) yield { file: entityOf<PackageFile>(item), ref, projectPath: fullPath };
      }
    }
    for await (const { ref, document } of storedDocuments(registry, id)) {
      const { name: fileName, storageKey = '', digests, size } = document;
      const { projectId, format, index } = ref;
      yield {
        file: { fileName, storageKey, digests, size, version: 'index' },
        ref: { projectId, format, name: index },
        projectPath: fullPath,
      };
    }
  }
}

/** Every project, removed ones included. */
export async function* everyProject(registry: Registry): AsyncGenerator<{ id: number; fullPath: string }> {
  yield* walkProjects(registry);
  for await (const items of queryPages(registry.table, ranges.removedProjects())) {
    for (const item of items) yield entityOf<{ id: number; fullPath: string }>(item);
  }
}

/** The packages of a project, each once, those included whose versions were removed or are still being published. */
export async function* packagesOf(registry: Registry, projectId: number): AsyncGenerator<PackageRef> {
  const seen = new Set<string>();
  for (const range of [ranges.packageIds(projectId), indexes.removedIn(projectId), ranges.claims()]) {
    for await (const items of queryPages(registry.table, range)) {
      for (const item of items) {
        const { format, name, ...of } = packageFrom(item);
        const id = `${format} ${name}`;
        if (of.projectId !== projectId || seen.has(id)) continue;
        seen.add(id);
        yield { projectId, format, name };
      }
    }
  }
}

/** The package that a pointer, a claim, or a removed version or file is of. */
function packageFrom(item: Item): PackageRef {
  return item.format === undefined ? packageOf(item) : entityOf<PackagePointer | StoredClaim>(item);
}
