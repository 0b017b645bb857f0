import { RegistryError } from '../../domain/errors.ts';
import { parseVersion, storedVersion } from './nuget-version.ts';

/** The longest id, in characters. */
const MAX_ID = 100;

/** The id rule of NuGet's own pack command, for ASCII. */
const ID = /^[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*$/;

/** An id that no package can have, used in place of an invalid one so that nothing is found. */
export const NO_ID = '-';

/** Whether a text is a valid package id. */
export function isPackageId(text: string): boolean {
  return text.length <= MAX_ID && ID.test(text);
}

/** Converts an id to its stored case. @throws RegistryError `packageNotFound` if it is not valid. */
export function packageId(text: string): string {
  if (!isPackageId(text)) throw new RegistryError('packageNotFound');
  return text.toLowerCase();
}

/** Converts a version to its stored form. @throws RegistryError `packageNotFound` if it is not valid. */
export function packageVersion(text: string): string {
  const version = parseVersion(text);
  if (!version) throw new RegistryError('packageNotFound');
  return storedVersion(version);
}
