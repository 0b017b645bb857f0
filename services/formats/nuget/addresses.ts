/** Where things are below the address of a format's endpoints. Ids and versions in paths are in the stored case. */

/** A version, as addresses name it. */
export interface Release {
  /** In lower case. */
  readonly name: string;
  /** Normalised, in lower case. */
  readonly version: string;
}

/** A set of registrations: below which path, whether SemVer 2.0.0 packages are in it, and whether it is always gzipped. */
export interface Hive {
  readonly path: string;
  readonly semVer2: boolean;
  readonly gzip: boolean;
}

/** The hives, of which each client knows the one it can read; `whole` is at GitLab's address of registrations. */
export const hives = {
  whole: { path: 'metadata', semVer2: true, gzip: false },
  semVer1: { path: 'metadata-semver1', semVer2: false, gzip: false },
  gzipSemVer1: { path: 'metadata-gz-semver1', semVer2: false, gzip: true },
  gzip: { path: 'metadata-gz', semVer2: true, gzip: true },
} as const satisfies Record<string, Hive>;

/** The name of a version's package file. */
export function packageFile({ name, version }: Release): string {
  return `${name}.${version}.nupkg`;
}

/** The name of a version's symbol package. */
export function symbolPackageFile({ name, version }: Release): string {
  return `${name}.${version}.snupkg`;
}

/** Where a package file is downloaded. */
export function packageUrl(base: string, release: Release): string {
  return `${contentUrl(base, release)}/${packageFile(release)}`;
}

/** Where the files of a version are. */
export function contentUrl(base: string, { name, version }: Release): string {
  return `${base}/download/${name}/${version}`;
}

/** Where the registration of a package is. */
export function registrationUrl(base: string, hive: Hive, name: string): string {
  return `${base}/${hive.path}/${name}/index.json`;
}

/** Where the registration of a version is. */
export function leafUrl(base: string, hive: Hive, { name, version }: Release): string {
  return `${base}/${hive.path}/${name}/${version}.json`;
}
