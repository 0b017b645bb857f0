import { badRequest } from '../../domain/errors.ts';
import { type PackageName, parsePackageName } from '../../domain/names.ts';

/** The longest project name, in characters. */
export const MAX_NAME = 200;

const NAME = /^(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$/;

/** Normalizes a project name (PEP 503). Returns undefined if it is not a valid name. */
export function normalizedName(text: string): PackageName | undefined {
  if (text.length > MAX_NAME || !NAME.test(text)) return undefined;
  return parsePackageName(text.toLowerCase().replaceAll(/[-_.]+/g, '-'));
}

/** Normalizes the project name in a request. @throws RegistryError `invalidRequest` if it is not a valid name. */
export function projectName(text: string): PackageName {
  const name = normalizedName(text);
  if (name !== undefined) return name;
  const shown = text.slice(0, 100);
  throw badRequest(
    `"${shown}" is not a valid project name: use ASCII letters, digits, ".", "_" and "-", ` +
      `at most ${MAX_NAME}, and start and end with a letter or digit`,
  );
}
