import { SettingsError } from '../../runtime/server/settings.ts';

/**
 * Splits a path such as `acme/backend` into the path of what it is in, empty at the top level, and its last part.
 * @throws SettingsError when a part is empty
 */
export function splitPath(fullPath: string): { readonly parent: string; readonly path: string } {
  const parts = fullPath.split('/');
  if (parts.includes('')) throw new SettingsError(`${fullPath} is not a path such as acme/backend`);
  return { parent: parts.slice(0, -1).join('/'), path: parts.at(-1) ?? '' };
}
