import { RegistryError } from '../../domain/errors.ts';
import { parseVersion, storedVersion } from './nuget-version.ts';

/** The most characters an id may have. */
const MAX_ID = 100;

/** The id rule of NuGet's own pack command, for ASCII. */
const ID = /^[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*$/;

/** What stands for an id where only its absence is to be told: no package can be called so. */
export const NO_ID = '-';

/** Whether a text can be the id of a package. */
export function isPackageId(text: string): boolean {
  return text.length <= MAX_ID && ID.test(text);
}

/** The id of an address in the case it is stored in; what can't be one is answered like an id that nothing has. */
export function packageId(text: string): string {
  if (!isPackageId(text)) throw new RegistryError('packageNotFound');
  return text.toLowerCase();
}

/** The version of an address as it is stored; what is none is answered like a version that nothing has. */
export function packageVersion(text: string): string {
  const version = parseVersion(text);
  if (!version) throw new RegistryError('packageNotFound');
  return storedVersion(version);
}
