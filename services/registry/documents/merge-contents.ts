import type { ListedPackage, PackageFile, Tag } from '../../domain/packages.ts';
import { byPrecedence } from '../packages/precedence.ts';
import type { PackageContents } from './package-contents.ts';

/**
 * Merges the contents that several projects have for one name into one package. If several projects have a
 * version, the first one by `byPrecedence` counts; for tags and listed packages, the first project. With
 * `withFiles`, a version without files does not count, so that it does not hide one of another project.
 */
export function mergeContents<M>(all: readonly PackageContents<M>[], withFiles = false): PackageContents<M> {
  const [first] = all;
  if (!first) throw new Error('no contents to merge');
  const { versions, files } = mergeVersions(all, withFiles);
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

function mergeVersions<M>(all: readonly PackageContents<M>[], withFiles: boolean) {
  const candidates = all.flatMap((contents) => {
    const filesOf = Map.groupBy(contents.files, ({ versionId }) => versionId);
    return contents.versions.map((version) => ({ version, files: filesOf.get(version.id) ?? [] }));
  });
  const counting = byPrecedence(candidates.filter(({ files }) => files.length > 0 || !withFiles));
  const merged = firstOfEach(counting, ({ version }) => version.version);
  return {
    versions: merged.map(({ version }) => version),
    files: merged.flatMap(({ files }): readonly PackageFile[] => files),
  };
}

function firstOfEach<T>(all: readonly T[], keyOf: (each: T) => string): T[] {
  const found = new Map<string, T>();
  for (const each of all) if (!found.has(keyOf(each))) found.set(keyOf(each), each);
  return [...found.values()];
}
