/** Search results (https://learn.microsoft.com/nuget/api/search-query-service-resource). */
import { hives, leafUrl, registrationUrl } from '../addresses.ts';
import { fullVersion, iconUrl, licenseUrl, type ReleaseFacts, type VersionFilter } from '../releases.ts';
import type { PackageType } from '../schema.ts';

/** The type of ordinary packages. */
const DEPENDENCY: PackageType = { name: 'Dependency', version: '' };

/** Renders a package as one result. @param releases its matching versions in ascending order; at least one */
export function searchResult(base: string, releases: readonly ReleaseFacts[], filter: VersionFilter): object {
  const latest = releases.at(-1);
  if (!latest) throw new Error('a search result without a version');
  const hive = filter.semVer2 ? hives.gzip : hives.gzipSemVer1;
  const { metadata } = latest;
  return {
    '@id': registrationUrl(base, hive, latest.name),
    '@type': 'Package',
    registration: registrationUrl(base, hive, latest.name),
    id: metadata.id,
    version: fullVersion(metadata),
    description: metadata.description,
    summary: metadata.summary,
    title: metadata.title === '' ? metadata.id : metadata.title,
    iconUrl: iconUrl(base, latest),
    licenseUrl: licenseUrl(base, latest),
    projectUrl: metadata.projectUrl,
    tags: metadata.tags,
    authors: metadata.authors === '' ? [] : [metadata.authors],
    totalDownloads: 0,
    verified: false,
    packageTypes: packageTypesOf(latest).map(({ name }) => ({ name })),
    versions: releases.map((release) => ({
      '@id': leafUrl(base, hive, release),
      version: fullVersion(release.metadata),
      downloads: 0,
    })),
  };
}

/** Whether a version has a package type; without one in its nuspec it is a `Dependency`. */
export function isOfType(release: ReleaseFacts, type: string): boolean {
  return packageTypesOf(release).some(({ name }) => name.toLowerCase() === type.toLowerCase());
}

function packageTypesOf({ metadata }: ReleaseFacts): readonly PackageType[] {
  return metadata.packageTypes.length === 0 ? [DEPENDENCY] : metadata.packageTypes;
}
