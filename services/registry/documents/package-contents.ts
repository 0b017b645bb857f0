import {
  isServed,
  type ListedPackage,
  type PackageFile,
  type PackageHead,
  type Tag,
  type Version,
} from '../../domain/packages.ts';

/** What an index of a package is rendered from, or as much of it as was asked for. */
export interface PackageContents<M = unknown> {
  readonly head: PackageHead;
  readonly versions: readonly Version<M>[];
  readonly tags: readonly Tag[];
  /** Files that no newer file of the same name has replaced. */
  readonly files: readonly PackageFile[];
  /** The packages that the name lists. */
  readonly listed?: readonly ListedPackage[];
  /** The readme of the version that an index features. */
  readonly readme?: string;
}

/** What of a package an index may show: versions that are served, and the files that belong to one of them. */
export function servedOf<M>(contents: PackageContents<M>): PackageContents<M> {
  const versions = contents.versions.filter(isServed);
  const ids = new Set(versions.map(({ id }) => id));
  return { ...contents, versions, files: contents.files.filter(({ versionId }) => ids.has(versionId)) };
}
