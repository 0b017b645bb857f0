import type { ListedPackage, PackageFile, PackageStatus, Tag, Version } from '../../domain/packages.ts';
import type { PackageContents } from '../entities.ts';

/** What is merged, and before what: versions that are listed, then those that are served but not listed. */
const mergedStatuses: readonly (readonly PackageStatus[])[] = [['default', 'deprecated'], ['hidden']];

/**
 * Several projects' contents of one name as one package: of a version, tag or listed package in several the first one
 * counts. What a project keeps out of its lists counts where no other lists it, so that it hides nothing of another's.
 */
export function mergeContents<M>(all: readonly PackageContents<M>[]): PackageContents<M> {
  const [first] = all;
  if (!first) throw new Error('no contents to merge');
  const { versions, files } = mergeVersions(all);
  const tags = firstOfEach(
    all.flatMap((contents) => contents.tags),
    ({ tag }: Tag) => tag,
  );
  const listed = firstOfEach(
    all.flatMap((contents) => contents.listed ?? []),
    ({ name }: ListedPackage) => name,
  );
  const updatedAt = Math.max(...all.map(({ head }) => head.updatedAt));
  return { head: { ...first.head, updatedAt }, versions, tags, files, listed };
}

function mergeVersions<M>(all: readonly PackageContents<M>[]) {
  const versions = new Map<string, Version<M>>();
  const files: PackageFile[] = [];
  for (const statuses of mergedStatuses) {
    for (const contents of all) {
      for (const version of contents.versions) {
        if (!statuses.includes(version.status) || versions.has(version.version)) continue;
        versions.set(version.version, version);
        files.push(...contents.files.filter((file) => file.versionId === version.id));
      }
    }
  }
  return { versions: [...versions.values()], files };
}

function firstOfEach<T>(all: readonly T[], keyOf: (each: T) => string): T[] {
  const found = new Map<string, T>();
  for (const each of all) if (!found.has(keyOf(each))) found.set(keyOf(each), each);
  return [...found.values()];
}
