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

/** Checks a version: letters, digits, `.`, `_`, `+` and `-`, with no `..` in it. */
export function packageVersion(text: string): string {
  if (VERSION.test(text) && !text.includes('..')) return text;
  throw badRequest('package_version is invalid: use letters, digits, "_", "+", "." (not "..") and "-"');
}

/**
 * Checks a file name, which may name directories: segments of letters, digits, `.`, `_`, `-`, `+`, `@` and `~`
 * (`~` neither first nor last), none of them `.` or `..`.
 */
export function filePath(text: string): string {
  const segments = text.split('/');
  const good = (segment: string) => SEGMENT.test(segment) && segment !== '.' && segment !== '..';
  if (text.length <= MAX_PATH && segments.every(good)) return text;
  throw badRequest(
    'file_name is invalid: use letters, digits, ".", "_", "-", "+", "@" and "~" (not first or last), in directories set off by "/"',
  );
}
