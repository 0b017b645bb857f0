/**
 * The names that become parts of table keys. Only this file creates them, so unchecked text can't be used as one, and
 * none is too long for a key. Each format has stricter rules of its own, and normalizes names before it parses them here.
 */
import { badRequest } from './errors.ts';

/**
 * The maximum lengths, in bytes of UTF-8; `#` and `%` take three bytes each, as in keys. The longest names of the
 * clients: Maven's paths of groups and artifacts, npm's versions, and paths of generic files.
 */
export const nameLimits = {
  packageName: 512,
  version: 256,
  fileName: 1024,
  tag: 256,
  fullPath: 1000,
} as const;

declare const kindOf: unique symbol;

type Name<Kind extends string> = string & { readonly [kindOf]: Kind };

/** The name of a package, as its format normalizes it. */
export type PackageName = Name<'package'>;
/** The name of a version, as its format normalizes it. */
export type VersionName = Name<'version'>;
/** The name of a file in its version; it may be a path. */
export type FileName = Name<'file'>;
/** What makes two spellings of a file name one file. A file name is one as well. */
export type FileIdentity = Name<'file' | 'file identity'>;
/** The name of a tag. */
export type TagName = Name<'tag'>;
/** The path of a user, group or project, from its root namespace on: `acme/tools`. A user name is one. */
export type FullPath = Name<'path'>;

/** What each kind of name is called in messages. */
const titles = {
  packageName: 'package name',
  version: 'version',
  fileName: 'file name',
  tag: 'tag',
  fullPath: 'path',
} as const satisfies Record<keyof typeof nameLimits, string>;

/** Parses the name of a package. Undefined if it is empty, too long or not Unicode. */
export function parsePackageName(text: string): PackageName | undefined {
  return isName('packageName', text) ? (text as PackageName) : undefined;
}

/** Parses the name of a version. Undefined if it is empty, too long or not Unicode. */
export function parseVersionName(text: string): VersionName | undefined {
  return isName('version', text) ? (text as VersionName) : undefined;
}

/** Parses the name of a file. Undefined if it is empty, too long or not Unicode. */
export function parseFileName(text: string): FileName | undefined {
  return isName('fileName', text) ? (text as FileName) : undefined;
}

/** Parses the identity of a file. Undefined if it is empty, too long or not Unicode. */
export function parseFileIdentity(text: string): FileIdentity | undefined {
  return parseFileName(text);
}

/** Parses the name of a tag. Undefined if it is empty, too long or not Unicode. */
export function parseTagName(text: string): TagName | undefined {
  return isName('tag', text) ? (text as TagName) : undefined;
}

const FULL_PATH = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/;

/** Parses a full path, without escapes. Undefined if no user, group or project can have it. */
export function parseFullPath(text: string): FullPath | undefined {
  return text.length <= nameLimits.fullPath && FULL_PATH.test(text) ? (text as FullPath) : undefined;
}

/**
 * Requires that what was parsed is a name.
 * @throws RegistryError `invalidRequest` that names the limit
 */
export function required<N>(kind: keyof typeof nameLimits, name: N | undefined): N {
  if (name !== undefined) return name;
  throw badRequest(
    `The ${titles[kind]} must have at least one and at most ${nameLimits[kind]} bytes of UTF-8`,
  );
}

function isName(kind: keyof typeof nameLimits, text: string): boolean {
  const limit = nameLimits[kind];
  return text !== '' && text.isWellFormed() && (text.length * 3 <= limit || keyBytes(text) <= limit);
}

/** The length of a text in keys, which write `#` and `%` with three bytes. */
function keyBytes(text: string): number {
  return Buffer.byteLength(text) + 2 * (text.split(/[#%]/).length - 1);
}
