import { badRequest } from '../../../services/domain/errors.ts';

/**
 * Checks a name, a version or a file name of a toy package: small letters, digits, `.` and `-`, at most 100.
 * @param parse the parser of the kind of name
 */
export function toyName<N>(parse: (text: string) => N | undefined, text: string): N {
  const isName = /^[a-z0-9][a-z0-9.-]{0,99}$/.test(text) && !text.includes('..');
  const name = isName ? parse(text) : undefined;
  if (name !== undefined) return name;
  throw badRequest('use small letters, digits, "." (not "..") and "-", at most 100');
}
