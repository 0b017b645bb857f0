import { badRequest } from '../../domain/errors.ts';
import {
  type FileName,
  nameLimits,
  type PackageName,
  parseFileName,
  parsePackageName,
  parseVersionName,
  type VersionName,
} from '../../domain/names.ts';

const NAME = /^[A-Za-z0-9._+-]{1,255}$/;
const VERSION = /^[\w+.-]{1,255}$/;
const SEGMENT = /^(?!~)[\w.+~@-]+(?<!~)$/;

/** A text as a package name; undefined if it is not a valid one. */
export function validName(text: string): PackageName | undefined {
  return NAME.test(text) && !/^\.+$/.test(text) ? parsePackageName(text) : undefined;
}

/** Checks a package name: letters, digits, `.`, `_`, `+` and `-`. */
export function packageName(text: string): PackageName {
  const name = validName(text);
  if (name !== undefined) return name;
  throw badRequest('package_name is invalid: use letters, digits, ".", "_", "+" and "-", at most 255');
}

/** Checks a version: letters, digits, `.`, `_`, `+` and `-`, without `..`, and not `.` alone. */
export function packageVersion(text: string): VersionName {
  const version = VERSION.test(text) && text !== '.' && !text.includes('..') && parseVersionName(text);
  if (version) return version;
  throw badRequest(
    'package_version is invalid: use letters, digits, "_", "+", "." (not "..") and "-", at most 255',
  );
}

/**
 * Checks a file name, which may contain directories: segments of letters, digits, `.`, `_`, `-`, `+`, `@` and `~`
 * (`~` not first or last), none of them `.` or `..`.
 */
export function filePath(text: string): FileName {
  const segments = text.split('/');
  const isValid = (segment: string) => SEGMENT.test(segment) && segment !== '.' && segment !== '..';
  const name = segments.every(isValid) && parseFileName(text);
  if (name) return name;
  throw badRequest(
    'file_name is invalid: use letters, digits, ".", "_", "-", "+", "@" and "~" (not first or last), ' +
      `with directories separated by "/", at most ${nameLimits.fileName}`,
  );
}
