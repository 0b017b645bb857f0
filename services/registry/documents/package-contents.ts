import {
  isServed,
  type PackageFile,
  type PackageHead,
  type Subpackage,
  type Tag,
  type Version,
} from '../../domain/packages.ts';
import type { StoredVersion } from '../records/entities.ts';

/** The contents that an index of a package is rendered from, or the requested part of them. */
export interface PackageContents<M = unknown> {
  readonly head: PackageHead;
  /** Whether nothing of it is shown; see `HeldPackage`. */
  readonly withheld?: boolean;
  readonly versions: readonly Version<M>[];
  readonly tags: readonly Tag[];
  /** Current files only, without those that a newer file of the same name has replaced. */
  readonly files: readonly PackageFile[];
  readonly subpackages?: readonly Subpackage[];
  /** The readme of the version that an index features. */
  readonly readme?: string;
}

/** Returns what an index may show of a package: served versions and their files. */
export function servedOf<M>(contents: PackageContents<M>): PackageContents<M> {
  const versions = contents.versions.filter(isServed);
  const ignored = new Map(versions.map(({ id, otherFiles }: StoredVersion) => [id, otherFiles]));
  const files = contents.files.filter(
    ({ versionId, version }) => ignored.has(versionId) && ignored.get(versionId) !== version,
  );
  return { ...contents, versions, files };
}
