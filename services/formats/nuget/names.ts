import { RegistryError } from '../../domain/errors.ts';
import { type PackageName, parsePackageName, required, type VersionName } from '../../domain/names.ts';
import { parseVersion, storedVersion } from './nuget-version.ts';

/** The longest id, in characters. */
const MAX_ID = 100;

/** The id rule of NuGet's own pack command, for ASCII. */
const ID = /^[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*$/;

/** An id that no package can have, used in place of an invalid one so that nothing is found. */
export const NO_ID = required('packageName', parsePackageName('-'));

/** Converts an id to its stored case. Undefined if it is not valid. */
export function parsePackageId(text: string): PackageName | undefined {
  return text.length <= MAX_ID && ID.test(text) ? parsePackageName(text.toLowerCase()) : undefined;
}

/** Converts an id to its stored case. @throws RegistryError `packageNotFound` if it is not valid. */
export function packageId(text: string): PackageName {
  const name = parsePackageId(text);
  if (!name) throw new RegistryError('packageNotFound');
  return name;
}

/** Converts a version to its stored form. @throws RegistryError `packageNotFound` if it is not valid. */
export function packageVersion(text: string): VersionName {
  const version = parseVersion(text);
  if (!version) throw new RegistryError('packageNotFound');
  return storedVersion(version);
}
