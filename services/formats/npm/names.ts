import { clean, valid, validRange } from 'semver';
import { mountsOf, OWNER } from '../../catalog.ts';
import { badRequest, invalidPackage, RegistryError } from '../../domain/errors.ts';
import {
  type FileName,
  nameLimits,
  type PackageName,
  parseFileName,
  parsePackageName,
  parseTagName,
  parseVersionName,
  required,
  type TagName,
  type VersionName,
} from '../../domain/names.ts';

/** The longest new name, in characters. */
const MAX_NAME = 214;

/** Whether a text needs no escape in URLs. A lone surrogate, which JSON may contain, can't be escaped at all. */
function needsNoEscape(text: string): boolean {
  return text.isWellFormed() && encodeURIComponent(text) === text;
}

/** Why a name is invalid even for an old package, or undefined: the rules of npm's validate-npm-package-name. */
function problemOf(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (/^[._-]/.test(name)) return 'it must not start with ".", "_" or "-"';
  if (['node_modules', 'favicon.ico'].includes(name.toLowerCase())) return 'it is reserved';
  const scoped = /^@(?<scope>[^/]+)\/(?<rest>[^/]+)$/.exec(name)?.groups;
  const parts = scoped ? [scoped.scope, scoped.rest] : [name];
  if (scoped?.rest?.startsWith('.')) return 'it must not start with "."';
  const safe = parts.every((part) => part !== undefined && needsNoEscape(part));
  return safe ? undefined : 'it may only contain characters that need no escape in a URL';
}

/** Why a name is invalid for a new package, or undefined. Packages of npmjs.com may have any other name. */
function newProblemOf(name: string): string | undefined {
  const problem = problemOf(name);
  if (problem) return problem;
  return name.length > MAX_NAME ? `it is longer than ${MAX_NAME} characters` : undefined;
}

/** Checks the package name in a path. @throws RegistryError `packageNotFound` if it is invalid. */
export function packageName(text: string): PackageName {
  const name = problemOf(text) ? undefined : parsePackageName(text);
  if (!name) throw new RegistryError('packageNotFound');
  return name;
}

/** Checks the package name in the path of a publish. @throws RegistryError `invalidRequest` with the reason */
export function publishedName(text: string): PackageName {
  const name = problemOf(text) ? undefined : parsePackageName(text);
  if (name) return name;
  checkNewName(text);
  return required('packageName', name);
}

/** Checks the name of a new package. @throws RegistryError `invalidRequest` with the reason if it is invalid. */
export function checkNewName(text: string): void {
  const problem = newProblemOf(text);
  if (problem) throw badRequest(`The package name "${text}" is not allowed: ${problem}`);
}

/** A version without build metadata, which npm ignores, and without a leading `v`. */
export function packageVersion(text: string): VersionName {
  const version = parseVersionName(clean(text) ?? '');
  if (version === undefined)
    throw invalidPackage(
      `"${text}" is not a valid version of at most ${nameLimits.version} characters: see https://semver.org`,
    );
  return version;
}

/** Checks a tag: it needs no escape in URLs, and is not a version or a version range. */
export function distTag(text: string): TagName {
  const tag = needsNoEscape(text) ? parseTagName(text) : undefined;
  if (!tag)
    throw badRequest(
      `"${text}" can't be a tag: use at most ${nameLimits.tag} characters, which need no escape in a URL`,
    );
  if (validRange(text)) throw badRequest(`"${text}" can't be a tag: it is a version or a version range`);
  return tag;
}

/** The scope of a name without its `@`, or undefined for unscoped names. */
export function scopeOf(name: string): string | undefined {
  return /^@(?<scope>[^/]+)\//.exec(name)?.groups?.scope;
}

/** A scope (`@acme`) or a whole name; undefined if it is neither a valid name nor a prefix of one. */
export function namePrefix(text: string): PackageName | undefined {
  const name = /^@[^/]+$/.test(text) ? `${text}/name` : text;
  return problemOf(name) ? undefined : parsePackageName(text);
}

/** A name without its scope. */
export function unscoped(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** The file name of a version's tarball, as clients derive it from name and version. */
export function tarballName(name: PackageName, version: VersionName): FileName {
  return required('fileName', parseFileName(`${unscoped(name)}-${version}.tgz`));
}

/** The version in a tarball's file name, or undefined. */
export function versionOfTarball(name: string, fileName: string): VersionName | undefined {
  const start = `${unscoped(name)}-`;
  if (!fileName.startsWith(start) || !fileName.endsWith('.tgz')) return undefined;
  return parseVersionName(valid(fileName.slice(start.length, -'.tgz'.length)) ?? '');
}

/** A name as one segment of a path, in npm's spelling. */
export function escapedName(name: string): string {
  return name.replace('/', '%2f');
}

const SCOPED = /^(\/(?:-\/package\/|-\/npm\/v1\/attestations\/)?)(?:@|%40)([^/%@]+)(?:%2[fF]|\/)(?=[^/])/;
const SCOPE_IN_FILE = /^(\/@([^/%]+)%2F[^/]+\/-\/)(?:@|%40)\2(?:%2[fF]|\/)/;

/** The path of a mount again, at the start of a path that ends in a revision. */
const REPEATED_MOUNT = new RegExp(
  `^(?:/.*)?(?:${mountsOf('npm')
    .map(({ path }) => path.replace(OWNER, '[^/]+'))
    .join('|')})(?=/.+/-rev/[^/]+$)`,
);

/**
 * Normalizes a path: a scoped name becomes one segment (`@scope%2Fname`), and a tarball's name loses the scope that
 * GitLab's packuments put before it. npm 6 deletes a tarball at the path of its URL, appended to the registry's.
 */
export function canonicalPath(path: string): string {
  const own = path.includes('/-rev/') ? path.replace(REPEATED_MOUNT, '') : path;
  return own.replace(SCOPED, '$1@$2%2F').replace(SCOPE_IN_FILE, '$1');
}
