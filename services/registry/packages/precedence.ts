import { isListed, isServed, type Version } from '../../domain/packages.ts';

/**
 * Copies of versions in the order in which they count, given in the order of their projects: those that are listed
 * before those that are only served. What a project keeps out of its lists hides nothing of another's. Copies that are
 * not served do not count.
 */
export function byPrecedence<T extends { readonly version: Version }>(copies: readonly T[]): T[] {
  const served = copies.filter(({ version }) => isServed(version));
  const listed = served.filter(({ version }) => isListed(version));
  return [...listed, ...served.filter(({ version }) => !isListed(version))];
}
