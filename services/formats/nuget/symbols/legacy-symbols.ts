/**
 * Legacy symbol packages, `*.symbols.nupkg`
 * (https://learn.microsoft.com/nuget/create-packages/symbol-packages): the package again, with a symbol file beside
 * each library. Nothing else tells them from a package that includes its symbols: the nuspec is the same, and clients
 * send every file as `package.nupkg`.
 */

import { RegistryError } from '../../../domain/errors.ts';
import type { Metadata } from '../schema.ts';

/** What to do instead of pushing a legacy symbol package. */
export const REMEDY = 'pack with SymbolPackageFormat=snupkg, and push the .snupkg';

const SYMBOLS = /\.pdb$/i;
const LIBRARY = /\.(?:dll|exe)$/i;

/** Whether a package has a symbol file beside one of its libraries. */
export function hasSymbolsBeside(paths: Iterable<string>): boolean {
  const symbols = new Set<string>();
  const libraries = new Set<string>();
  for (const path of paths) {
    if (SYMBOLS.test(path)) symbols.add(path.replace(SYMBOLS, '').toLowerCase());
    else if (LIBRARY.test(path)) libraries.add(path.replace(LIBRARY, '').toLowerCase());
  }
  return !symbols.isDisjointFrom(libraries);
}

/**
 * Refuses to replace a package without symbols by what is most likely its legacy symbol package. `dotnet nuget push
 * *.nupkg` pushes both, one after the other.
 * @throws RegistryError `conflict`, which clients skip with `--skip-duplicate`
 */
export function refuseLegacySymbols(pushed: Metadata, existing: Metadata | undefined): void {
  if (!pushed.symbolsBeside || !existing || existing.symbolsBeside) return;
  throw new RegistryError(
    'conflict',
    `${existing.id} ${existing.version} exists without symbols, and this is its legacy symbol package: ${REMEDY}. ` +
      'To have symbols in the package itself, delete the version first',
  );
}
