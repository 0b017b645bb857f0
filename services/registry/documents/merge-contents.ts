import type { PackageFile, Subpackage, Tag, Version } from '../../domain/packages.ts';
import { byPrecedence, firstWithFiles } from '../packages/precedence.ts';
import { forEachOf } from '../records/read-many.ts';
import type { PackageContents } from './package-contents.ts';

/** A copy of a version, and those of its files that were read. */
interface Copy<M> {
  readonly version: Version<M>;
  readonly files: readonly PackageFile[];
  readonly withheld: boolean;
}

/**
 * Merges the contents that several projects have for one name into one package, as downloads choose copies: of
 * several copies of a version, the one that was published first counts, with its own files only, and none if that one is
 * withheld. A version without
 * files does not count, so that it does not hide one of another project; `hasFiles` tells this where the files were
 * not read. For tags and subpackages, the first project of the list counts.
 */
export async function mergeContents<M>(
  all: readonly PackageContents<M>[],
  hasFiles: (version: Version) => Promise<boolean>,
): Promise<PackageContents<M>> {
  const shown = all.filter(({ withheld }) => !withheld);
  const [first] = shown;
  if (!first) throw new Error('no contents to merge');
  const merged = await mergeVersions(all, hasFiles);
  const tags = firstOfEach(
    shown.flatMap((contents) => contents.tags),
    ({ tag }: Tag) => tag,
  );
  const subpackages = firstOfEach(
    shown.flatMap((contents) => contents.subpackages ?? []),
    ({ name }: Subpackage) => name,
  );
  const updatedAt = Math.max(...shown.map(({ head }) => head.updatedAt));
  return {
    head: { ...first.head, updatedAt },
    versions: merged.map(({ version }) => version),
    tags,
    files: merged.flatMap(({ files }) => files),
    subpackages,
  };
}

async function mergeVersions<M>(
  all: readonly PackageContents<M>[],
  hasFiles: (version: Version) => Promise<boolean>,
): Promise<Copy<M>[]> {
  const candidates = all.flatMap((contents) => {
    const filesOf = Map.groupBy(contents.files, ({ versionId }) => versionId);
    const { withheld = false } = contents;
    return contents.versions.map(
      (version): Copy<M> => ({ version, files: filesOf.get(version.id) ?? [], withheld }),
    );
  });
  const byVersion = Map.groupBy(byPrecedence(candidates), ({ version }) => version.version);
  const groups = [...byVersion.values()];
  const shared = groups.filter(({ length }) => length > 1);
  const chosen = await forEachOf(shared, async (copies) => {
    const copy = await firstWithFiles(copies, ({ version, files }) => files.length > 0 || hasFiles(version));
    return copy ? [copy] : copies.slice(0, 1);
  });
  const winners = [...groups.filter(({ length }) => length === 1).flat(), ...chosen];
  return winners.filter(({ withheld }) => !withheld);
}

function firstOfEach<T>(all: readonly T[], keyOf: (each: T) => string): T[] {
  const found = new Map<string, T>();
  for (const each of all) if (!found.has(keyOf(each))) found.set(keyOf(each), each);
  return [...found.values()];
}
