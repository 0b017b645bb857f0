import type { ListedPackage, PackageFile, Tag } from '../../domain/packages.ts';
import { byPrecedence } from '../packages/precedence.ts';
import type { PackageContents } from './package-contents.ts';

/**
 * Several projects' contents of one name as one package: of a version, tag or listed package in several the first one
 * counts, by `byPrecedence`. A version that has lost all its files does not count where files are asked for
 * (`withFiles`), so that it hides nothing of another project's.
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
