import { isServed, type PackageHead, type Version } from '../../domain/packages.ts';

/**
 * Sorts copies of versions, so that the copy that was published first wins, whichever project is older and whether
 * or not lists show it: nobody can take over a version by publishing it again elsewhere. Drops copies that are not
 * served.
 */
export function byPrecedence<T extends { readonly version: Version }>(copies: readonly T[]): T[] {
  return copies
    .filter(({ version }) => isServed(version))
    .sort((a, b) => a.version.createdAt - b.version.createdAt || a.version.id - b.version.id);
}

/**
 * Returns the first of several copies of a version that has files, or undefined. The files of a version
 * can all be removed one by one, and a version without files must not hide another project's copy.
 */
export async function firstWithFiles<T>(
  copies: readonly T[],
  hasFiles: (copy: T) => boolean | Promise<boolean>,
): Promise<T | undefined> {
  for (const copy of copies) if (await hasFiles(copy)) return copy;
  return undefined;
}

/** Sorts packages of one name in several projects: the project that has held the name for longest comes first. */
export function byTimeHeld<T>(packages: readonly T[], headOf: (each: T) => PackageHead | undefined): T[] {
  const position = (each: T) => {
    const { heldSince = 0, projectId = 0 } = headOf(each) ?? {};
    return { heldSince, projectId };
  };
  return packages
    .map((each) => ({ each, ...position(each) }))
    .sort((a, b) => a.heldSince - b.heldSince || a.projectId - b.projectId)
    .map(({ each }) => each);
}
