import { badRequest } from '../../../services/domain/errors.ts';

/** Checks a name, a version or a file name of a toy package: small letters, digits, `.` and `-`, at most 100. */
export function toyName(text: string): string {
  if (/^[a-z0-9][a-z0-9.-]{0,99}$/.test(text) && !text.includes('..')) return text;
  throw badRequest('use small letters, digits, "." (not "..") and "-", at most 100');
}
