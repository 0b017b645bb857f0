import type { ListedPackage, PackageFile, PackageHead, Tag, Version } from '../../domain/packages.ts';

/** What an index of a package is rendered from: the versions that are served, with their tags and files. */
export interface PackageContents<M = unknown> {
  readonly head: PackageHead;
  readonly versions: readonly Version<M>[];
  readonly tags: readonly Tag[];
  readonly files: readonly PackageFile[];
  /** The packages that the name lists, for a document that asked for them. */
  readonly listed?: readonly ListedPackage[];
  /** The readme of the version a document asked for. */
  readonly readme?: string;
}
