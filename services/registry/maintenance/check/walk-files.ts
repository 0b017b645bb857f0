import type { Project } from '../../../domain/accounts.ts';
import type { BlobDigests } from '../../../domain/digests.ts';
import type { PackageFile, PackageRef } from '../../../domain/packages.ts';
import type { Item, Key } from '../../../ports/table.ts';
import { walkProjects } from '../../accounts/list-accounts.ts';
import type { Registry } from '../../context.ts';
import { storedDocuments } from '../../indexes/project-indexes.ts';
import {
  entityOf,
  type PackagePointer,
  type StoredClaim,
  type StoredPackageBlob,
} from '../../records/entities.ts';
import { indexes, ranges } from '../../records/keys.ts';
import { packageOfKey } from '../../records/parse-keys.ts';
import { queryPages } from '../../records/query-all.ts';

/** A file with its package and project, bytes that a package holds, or a document of an index over all packages. */
export interface FoundFile {
  readonly file: Pick<PackageFile, 'storageKey' | 'size'> & {
    readonly digests: BlobDigests;
    readonly version: string;
    readonly fileName: string;
  };
  /** The file as it is stored; absent for bytes and documents. */
  readonly stored?: { readonly key: Key; readonly ref: PackageRef; readonly file: PackageFile };
  readonly ref: Pick<PackageRef, 'projectId' | 'format'> & { readonly name: string };
  readonly projectPath: string;
}

/**
 * Yields everything in the instance that refers to a blob: files, including older copies and those of removed
 * files, versions and projects, bytes that packages hold by digest, and documents of indexes.
 */
export async function* walkFiles(registry: Registry): AsyncGenerator<FoundFile> {
  for await (const { id, fullPath } of everyProject(registry)) {
    for await (const ref of packagesOf(registry, id)) {
      for await (const items of queryPages(registry.table, ranges.files(ref))) {
        for (const item of items) {
          const { pk, sk } = item;
          const file = entityOf<PackageFile>(item);
          yield { file, ref, stored: { key: { pk, sk }, ref, file }, projectPath: fullPath };
        }
      }
    }
    for await (const items of queryPages(registry.table, indexes.packageBlobsIn(id))) {
      for (const item of items) {
        const { digest, digests, storageKey, size, ...ref } = entityOf<StoredPackageBlob>(item);
        const file = { digests, storageKey, size, version: 'blob', fileName: digest };
        yield { file, ref, projectPath: fullPath };
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

/** Yields every package in the instance, except those of removed projects. */
export async function* walkEveryPackage(registry: Registry): AsyncGenerator<PackageRef> {
  for await (const { id } of walkProjects(registry)) yield* packagesOf(registry, id);
}

/** Yields every project, including removed ones. */
export async function* everyProject(registry: Registry): AsyncGenerator<Project> {
  yield* walkProjects(registry);
  for await (const items of queryPages(registry.table, ranges.removedProjects())) {
    for (const item of items) yield entityOf<Project>(item);
  }
}

/** Yields each package of a project once, including those with only removed or unfinished versions. */
export async function* packagesOf(registry: Registry, projectId: number): AsyncGenerator<PackageRef> {
  const seen = new Set<string>();
  for (const range of [
    ...[ranges.packageIds(projectId), ranges.idsApart(projectId)],
    ...[indexes.removedIn(projectId), ranges.claims()],
  ]) {
    for await (const items of queryPages(registry.table, range)) {
      for (const item of items) {
        const { format, name, ...owner } = packageFrom(item);
        const id = `${format} ${name}`;
        if (owner.projectId !== projectId || seen.has(id)) continue;
        seen.add(id);
        yield { projectId, format, name };
      }
    }
  }
}

/** Returns the package of a pointer, a claim, or a removed version or file. */
function packageFrom(item: Item): PackageRef {
  return item.format === undefined ? packageOfKey(item) : entityOf<PackagePointer | StoredClaim>(item);
}
