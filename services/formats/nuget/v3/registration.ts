/**
 * Registrations: the metadata of a package's versions
 * (https://learn.microsoft.com/nuget/api/registration-base-url-resource).
 */
import {
  BASE,
  FRAGMENTS,
  type FrameContents,
  type FramePart,
  type IndexKind,
} from '../../../registry/documents/document-kind.ts';
import { contentUrl, type Hive, leafUrl, packageUrl, registrationUrl } from '../addresses.ts';
import { versionOrder } from '../nuget-version.ts';
import {
  fullVersion,
  iconUrl,
  indexedRelease,
  licenseUrl,
  passesFilter,
  type ReleaseFacts,
} from '../releases.ts';
import { type DependencyGroup, type Metadata, metadata } from '../schema.ts';

/** Versions per page. If there is only one page, it is inside the index. */
export const PAGE = 64;

/** A package's registration index in a hive. */
export function registrationIndex(hive: Hive): IndexKind<Metadata> {
  return {
    kind: `nuget-${hive.path}-3`,
    metadata,
    versions: 'served',
    files: false,
    order: versionOrder,
    separator: ',',
    fragment(version) {
      const release = indexedRelease(version);
      if (!inHive(hive, release)) return undefined;
      return { facts: { version: release.version }, text: JSON.stringify(leafItem(hive, release)) };
    },
    frame: (contents) => (contents.versions.length === 0 ? [] : indexFrame(hive, contents)),
  };
}

/** Whether a hive includes a version. */
export function inHive({ semVer2 }: Hive, release: Pick<ReleaseFacts, 'prerelease' | 'metadata'>): boolean {
  return passesFilter(release, { prerelease: true, semVer2 });
}

/** Lists the bounds of the pages, or includes the only page with its versions. */
function indexFrame(hive: Hive, { head: { name }, versions }: FrameContents<Metadata>): FramePart[] {
  const pages: object[] = [];
  for (let start = 0; start < versions.length; start += PAGE) {
    pages.push(bounds(hive, name, versions.slice(start, start + PAGE)));
  }
  const index = {
    '@id': registrationUrl(BASE, hive, name),
    '@type': ['catalog:CatalogRoot', 'PackageRegistration'],
    count: pages.length,
    items: pages,
  };
  if (pages.length > 1) return [JSON.stringify(index)];
  const [start, end] = [JSON.stringify(index).slice(0, -'}]}'.length), '}]}'];
  return [`${start},"items":[`, FRAGMENTS, `]${end}`];
}

function bounds(hive: Hive, name: string, releases: readonly { readonly version: string }[]) {
  const [lower = '', upper = ''] = [releases.at(0)?.version, releases.at(-1)?.version];
  return {
    '@id': `${BASE}/${hive.path}/${name}/page/${lower}/${upper}.json`,
    '@type': 'catalog:CatalogPage',
    count: releases.length,
    lower,
    upper,
    parent: registrationUrl(BASE, hive, name),
  };
}

function page(hive: Hive, name: string, releases: readonly ReleaseFacts[]): object {
  return { ...bounds(hive, name, releases), items: releases.map((release) => leafItem(hive, release)) };
}

/** Renders a page of a large package's registration as a separate document. */
export function renderPage(hive: Hive, name: string, releases: readonly ReleaseFacts[]): string {
  return JSON.stringify(page(hive, name, releases));
}

function leafItem(hive: Hive, release: ReleaseFacts): object {
  return {
    '@id': leafUrl(BASE, hive, release),
    '@type': 'Package',
    catalogEntry: catalogEntry(hive, release),
    packageContent: packageUrl(BASE, release),
    registration: registrationUrl(BASE, hive, release.name),
  };
}

/** Renders one version's registration. It includes the catalog entry, where nuget.org has a link to its catalog. */
export function renderLeaf(hive: Hive, release: ReleaseFacts): string {
  const { listed, published } = release;
  return JSON.stringify({ ...leafItem(hive, release), listed, published });
}

function catalogEntry(hive: Hive, release: ReleaseFacts): object {
  const { metadata, listed, published } = release;
  const { authors, description, language, minClientVersion, projectUrl, summary, tags, title } = metadata;
  const { licenseExpression, packageTypes, requireLicenseAcceptance, dependencyGroups } = metadata;
  return {
    '@id': `${leafUrl(BASE, hive, release)}#entry`,
    '@type': 'PackageDetails',
    id: metadata.id,
    version: fullVersion(metadata),
    authors,
    description,
    summary,
    title,
    tags,
    language,
    minClientVersion,
    projectUrl,
    iconUrl: iconUrl(BASE, release),
    licenseUrl: licenseUrl(BASE, release),
    licenseExpression,
    requireLicenseAcceptance,
    ...(metadata.readme !== '' && { readmeUrl: `${contentUrl(BASE, release)}/readme` }),
    ...(packageTypes.length > 0 && { packageTypes }),
    listed,
    published,
    packageContent: packageUrl(BASE, release),
    packageHash: metadata.sha512,
    packageHashAlgorithm: 'SHA512',
    packageSize: metadata.size,
    dependencyGroups: dependencyGroups.map((group) => dependencyGroup(hive, group)),
  };
}

function dependencyGroup(hive: Hive, { targetFramework, dependencies }: DependencyGroup): object {
  return {
    '@type': 'PackageDependencyGroup',
    ...(targetFramework !== '' && { targetFramework }),
    dependencies: dependencies.map(({ id, range }) => ({
      '@type': 'PackageDependency',
      id,
      range,
      registration: registrationUrl(BASE, hive, id.toLowerCase()),
    })),
  };
}
