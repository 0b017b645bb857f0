import {
  type FileName,
  type PackageName,
  parseFileName,
  required,
  type VersionName,
} from '../../domain/names.ts';
/** The format's URLs. Ids and versions in paths are in their stored case. */

/** A version, as named in URLs. */
export interface Release {
  /** In lower case. */
  readonly name: PackageName;
  /** Normalised, in lower case. */
  readonly version: VersionName;
}

/** A set of registrations: its path, whether it has SemVer 2.0.0 packages, and whether it is always gzipped. */
export interface Hive {
  readonly path: string;
  readonly semVer2: boolean;
  readonly gzip: boolean;
}

/** The hives, of which each client uses the one it can read; `whole` has GitLab's path of registrations. */
export const hives = {
  whole: { path: 'metadata', semVer2: true, gzip: false },
  semVer1: { path: 'metadata-semver1', semVer2: false, gzip: false },
  gzipSemVer1: { path: 'metadata-gz-semver1', semVer2: false, gzip: true },
  gzip: { path: 'metadata-gz', semVer2: true, gzip: true },
} as const satisfies Record<string, Hive>;

/** The name of a version's package file. */
export function packageFile({ name, version }: Release): FileName {
  return required('fileName', parseFileName(`${name}.${version}.nupkg`));
}

/** The name of a version's symbol package. */
export function symbolPackageFile({ name, version }: Release): FileName {
  return required('fileName', parseFileName(`${name}.${version}.snupkg`));
}

/** The URL of a package file. */
export function packageUrl(base: string, release: Release): string {
  return `${contentUrl(base, release)}/${packageFile(release)}`;
}

/** The URL under which the files of a version are. */
export function contentUrl(base: string, { name, version }: Release): string {
  return `${base}/download/${name}/${version}`;
}

/** The URL of a package's registration index. */
export function registrationUrl(base: string, hive: Hive, name: string): string {
  return `${base}/${hive.path}/${name}/index.json`;
}

/** The URL of a version's registration leaf. */
export function leafUrl(base: string, hive: Hive, { name, version }: Release): string {
  return `${base}/${hive.path}/${name}/${version}.json`;
}
