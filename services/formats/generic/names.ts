import { badRequest } from '../../domain/errors.ts';

const NAME = /^[A-Za-z0-9._+-]{1,255}$/;
const VERSION = /^[A-Za-z0-9_][\w+.-]{0,254}$/;
const SEGMENT = /^(?!~)[\w.+~@-]+(?<!~)$/;
const MAX_PATH = 1024;

/** Checks a package name: letters, digits, `.`, `_`, `+` and `-`. */
export function packageName(text: string): string {
  if (NAME.test(text) && !/^\.+$/.test(text)) return text;
  throw badRequest('package_name is invalid: use letters, digits, ".", "_", "+" and "-", at most 255');
}

/** Checks a version: letters, digits, `.`, `_`, `+` and `-`, without `..`. */
export function packageVersion(text: string): string {
  if (VERSION.test(text) && !text.includes('..')) return text;
  throw badRequest('package_version is invalid: use letters, digits, "_", "+", "." (not "..") and "-"');
}

/**
 * Checks a file name, which may contain directories: segments of letters, digits, `.`, `_`, `-`, `+`, `@` and `~`
 * (`~` not first or last), none of them `.` or `..`.
 */
export function filePath(text: string): string {
  const segments = text.split('/');
  const isValid = (segment: string) => SEGMENT.test(segment) && segment !== '.' && segment !== '..';
  if (text.length <= MAX_PATH && segments.every(isValid)) return text;
  throw badRequest(
    'file_name is invalid: use letters, digits, ".", "_", "-", "+", "@" and "~" (not first or last), ' +
      'with directories separated by "/"',
  );
}
