import type { PackageHead } from '../../domain/packages.ts';

/** A package of one name that several projects may hold, as one caller sees it. */
export interface HeldPackage {
  /** Of the projects that the caller may read; the one that has held the name for longest comes first. */
  readonly heads: readonly PackageHead[];
  /**
   * Of the other projects. Nothing of them is shown, but a version that one of them published first is not served from
   * another project either.
   */
  readonly withheld: readonly PackageHead[];
}
