import { invalidPackage } from '../../domain/errors.ts';
import {
  type FileIdentity,
  type FileName,
  type PackageName,
  parseFileIdentity,
  parseFileName,
  type VersionName,
} from '../../domain/names.ts';
import type { FileInVersion } from '../../domain/packages.ts';
import { MAX_NAME, normalizedName } from './names.ts';
import { canonicalVersion, MAX_VERSION, normalizedVersion } from './versions.ts';

/** A distribution, as described by its file name. */
export interface Distribution {
  readonly fileName: FileName;
  readonly kind: 'wheel' | 'sdist';
  readonly archive: 'zip' | 'tar';
  /** The normalized project name and version. */
  readonly name: PackageName;
  readonly version: VersionName;
  /** Equal for file names that installers treat as the same file. It ends like the file name. */
  readonly identity: FileIdentity;
  /** The identity in a version that is still stored under its own spelling (`FileInVersion`). */
  readonly formerIdentity: FileIdentity;
}

/** The endings of the files that accompany a distribution: its address, followed by one of these. */
export const parts = { metadata: '.metadata', provenance: '.provenance', signature: '.asc' } as const;

/** The longest file name, in characters. */
const MAX_LENGTH = 255;

/** The characters allowed in a file name. */
const CHARACTERS = /^[A-Za-z0-9][A-Za-z0-9._+!-]*$/;

/** The build tag, and a compressed tag set, in the name of a wheel. */
const BUILD = /^\d[^-]*$/;
const TAG = /^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*$/;

/**
 * A version with an implicit post release (`1.0-1`) at the end of a name. Its release needs a dot: `foo-2-1` may as well
 * be version 1 of `foo-2`.
 */
const IMPLICIT_POST = /-\d+(?:\.\d+)+(?:(?:a|b|rc)\d+)?-\d+$/;

/**
 * Parses the file name of a wheel (PEP 427) or a source distribution (PEP 625, and older names still in wide use).
 * Returns undefined if it is neither.
 */
export function readFileName(text: string): Distribution | undefined {
  const fileName = text.length <= MAX_LENGTH && CHARACTERS.test(text) ? parseFileName(text) : undefined;
  if (!fileName) return undefined;
  if (fileName.endsWith('.whl')) return readWheelName(fileName);
  const ending = ['.tar.gz', '.zip'].find((each) => fileName.endsWith(each));
  return ending === undefined ? undefined : readSdistName(fileName, ending);
}

/** Like `readFileName`. @throws RegistryError `invalidPackage` with the valid forms, if it is neither. */
export function distributionOf(fileName: string): Distribution {
  const found = readFileName(fileName);
  if (found) return found;
  throw invalidPackage(
    `"${fileName.slice(0, 300)}" is not the file name of a distribution: it must be ` +
      '<name>-<version>-<python>-<abi>-<platform>.whl, <name>-<version>.tar.gz or <name>-<version>.zip, ' +
      `with at most ${MAX_LENGTH} characters, ${MAX_NAME} of them in the name and ${MAX_VERSION} in the version`,
  );
}

function readWheelName(fileName: FileName): Distribution | undefined {
  const fields = fileName.slice(0, -'.whl'.length).split('-');
  const [project = '', escaped = '', ...rest] = fields;
  // A wheel's name has "_" for each "-" of its version (PEP 427).
  const release = normalizedVersion(escaped) ?? escaped.replaceAll('_', '-');
  const tags = rest.slice(-3);
  const build = rest.slice(0, -3);
  if (tags.length < 3 || build.length > 1 || !tags.every((tag) => TAG.test(tag))) return undefined;
  if (!build.every((text) => BUILD.test(text)) || project.includes('__')) return undefined;
  const sets = tags.map((tag) => tag.toLowerCase().split('.').sort().join('.'));
  const ending = `-${[...build, ...sets].join('-')}.whl`;
  return distribution(fileName, { kind: 'wheel', archive: 'zip' }, project, release, ending);
}

function readSdistName(fileName: FileName, ending: string): Distribution | undefined {
  const stem = fileName.slice(0, -ending.length);
  const dash = IMPLICIT_POST.exec(stem)?.index ?? stem.lastIndexOf('-');
  const archive = ending === '.zip' ? 'zip' : 'tar';
  return distribution(
    fileName,
    { kind: 'sdist', archive },
    stem.slice(0, Math.max(dash, 0)),
    stem.slice(dash + 1),
    ending,
  );
}

function distribution(
  fileName: FileName,
  facts: Pick<Distribution, 'kind' | 'archive'>,
  project: string,
  release: string,
  ending: string,
): Distribution | undefined {
  const name = normalizedName(project);
  const version = normalizedVersion(release);
  const canonical = canonicalVersion(release);
  if (name === undefined || version === undefined || canonical === undefined) return undefined;
  const identity = parseFileIdentity(`${name.replaceAll('-', '_')}-${canonical}${ending}`);
  const formerIdentity = parseFileIdentity(`${name.replaceAll('-', '_')}-${version}${ending}`);
  return identity && formerIdentity && { fileName, ...facts, name, version, identity, formerIdentity };
}

/** The file name of the distribution that a file accompanies or is. */
export function wholeOf(fileName: string): string {
  const ending = Object.values(parts).find((each) => fileName.endsWith(each));
  return ending === undefined ? fileName : fileName.slice(0, -ending.length);
}

/** A distribution's file, or one that accompanies it, as a version stores it: with its identities, if it has them. */
export function namedFile(fileName: FileName): FileInVersion {
  const whole = wholeOf(fileName);
  const distribution = readFileName(whole);
  if (!distribution) return { fileName };
  const ending = fileName.slice(whole.length);
  const identity = parseFileIdentity(distribution.identity + ending);
  const formerIdentity = parseFileIdentity(distribution.formerIdentity + ending);
  return identity && formerIdentity ? { fileName, identity, formerIdentity } : { fileName };
}
