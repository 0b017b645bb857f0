import { badRequest } from '../../domain/errors.ts';

/** The longest name of a project. */
const MAX_NAME = 200;

const NAME = /^(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$/;

/** A project's name in its normal form (PEP 503), or undefined when it is none. */
export function normalizedName(text: string): string | undefined {
  if (text.length > MAX_NAME || !NAME.test(text)) return undefined;
  return text.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** The normal form of a name in a request. @throws RegistryError when it can be none. */
export function projectName(text: string): string {
  const name = normalizedName(text);
  if (name !== undefined) return name;
  const shown = text.slice(0, 100);
  throw badRequest(
    `"${shown}" is not a valid project name: use ASCII letters, digits, ".", "_" and "-", a letter or digit first and last`,
  );
}
