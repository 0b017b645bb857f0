import { isListed, isServed, type Version } from '../../domain/packages.ts';

/**
 * Sorts copies of versions, given in the order of their projects, by precedence: listed ones before those that are
 * only served. So an unlisted version hides nothing of another project. Drops copies that are not served.
 */
export function byPrecedence<T extends { readonly version: Version }>(copies: readonly T[]): T[] {
  const served = copies.filter(({ version }) => isServed(version));
  const listed = served.filter(({ version }) => isListed(version));
  return [...listed, ...served.filter(({ version }) => !isListed(version))];
}
