import { builtinModules } from 'node:module';
import { clean, valid, validRange } from 'semver';
import { badRequest, invalidPackage, RegistryError } from '../../domain/errors.ts';

/** The most characters a new name may have. */
const MAX_NAME = 214;

const core = new Set(builtinModules);

/** Whether a text stands in URLs as it is. Half a surrogate pair, which JSON may hold, can't stand there at all. */
function needsNoEscape(text: string): boolean {
  return text.isWellFormed() && encodeURIComponent(text) === text;
}

/** What is wrong with a name for any package, old ones included; the rules of npm's validate-npm-package-name. */
function problemOf(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (/^[._-]/.test(name)) return 'it must not start with ".", "_" or "-"';
  if (['node_modules', 'favicon.ico'].includes(name.toLowerCase())) return 'it is reserved';
  const scoped = /^@(?<scope>[^/]+)\/(?<rest>[^/]+)$/.exec(name)?.groups;
  const parts = scoped ? [scoped.scope, scoped.rest] : [name];
  if (scoped?.rest?.startsWith('.')) return 'it must not start with "."';
  const safe = parts.every((part) => part !== undefined && needsNoEscape(part));
  return safe ? undefined : 'it may only hold characters that need no escape in a URL';
}

/** What is wrong with a name that no package has yet. */
function newProblemOf(name: string): string | undefined {
  const problem = problemOf(name);
  if (problem) return problem;
  if (name.length > MAX_NAME) return `it is longer than ${MAX_NAME} characters`;
  if (name !== name.toLowerCase()) return 'it holds capital letters';
  if (/[~'!()*]/.test(unscoped(name))) return `it holds one of ~'!()*`;
  return core.has(name) ? 'Node.js has a module of this name' : undefined;
}

/** The package name of an address; what can't be one is answered like a name that nothing has. */
export function packageName(text: string): string {
  if (problemOf(text) || text.length > 300) throw new RegistryError('packageNotFound');
  return text;
}

/** Checks the name of a package that is to be published for the first time. */
export function newPackageName(text: string): string {
  const problem = newProblemOf(text);
  if (problem) throw badRequest(`The package name "${text}" is not allowed: ${problem}`);
  return text;
}

/** A version without its build metadata, by which versions are not told apart, and without a leading `v`. */
export function packageVersion(text: string): string {
  const version = clean(text);
  if (version === null) throw invalidPackage(`"${text}" is not a version: see https://semver.org`);
  return version;
}

/** Checks a tag: no escape in URLs, and not to be taken for a version or a range of versions. */
export function distTag(text: string): string {
  const safe = text !== '' && text.length <= 128 && needsNoEscape(text);
  if (!safe) throw badRequest(`"${text}" can't be a tag: use characters that need no escape in a URL`);
  if (validRange(text)) throw badRequest(`"${text}" can't be a tag: it reads as a range of versions`);
  return text;
}

/** The scope of a name, without its `@`; undefined when it has none. */
export function scopeOf(name: string): string | undefined {
  return /^@(?<scope>[^/]+)\//.exec(name)?.groups?.scope;
}

/** A name without its scope. */
export function unscoped(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** The file name of a version's tarball, as clients derive it from name and version. */
export function tarballName(name: string, version: string): string {
  return `${unscoped(name)}-${version}.tgz`;
}

/** The version whose tarball a file name is, or undefined. */
export function versionOfTarball(name: string, fileName: string): string | undefined {
  const start = `${unscoped(name)}-`;
  if (!fileName.startsWith(start) || !fileName.endsWith('.tgz')) return undefined;
  return valid(fileName.slice(start.length, -'.tgz'.length)) ?? undefined;
}

/** A name as one segment of a path, in npm's spelling. */
export function escapedName(name: string): string {
  return name.replace('/', '%2f');
}

const SCOPED = /^(\/(?:-\/package\/|-\/npm\/v1\/attestations\/)?)(?:@|%40)([^/%@]+)(?:%2[fF]|\/)(?=[^/])/;
const SCOPE_IN_FILE = /^(\/@([^/%]+)%2F[^/]+\/-\/)(?:@|%40)\2(?:%2[fF]|\/)/;

/**
 * Brings the spellings of a path into one: a scoped name becomes one segment (`@scope%2Fname`), and a tarball's name
 * loses the scope that GitLab's packuments put before it.
 */
export function canonicalPath(path: string): string {
  return path.replace(SCOPED, '$1@$2%2F').replace(SCOPE_IN_FILE, '$1');
}
