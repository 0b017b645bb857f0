/**
 * Registrations: what is known of the versions of a package
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
  iconUrl,
  indexedRelease,
  isWanted,
  licenseUrl,
  type ReleaseFacts,
  shownVersion,
} from '../releases.ts';
import { type DependencyGroup, type Metadata, metadata } from '../schema.ts';

/** How many versions a page has. A package of one page has it inside its index. */
export const PAGE = 64;

/** The index of the registration of a package in a hive. */
export function registrationIndex(hive: Hive): IndexKind<Metadata> {
  return {
    kind: `nuget-${hive.path}-2`,
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

/** Whether a hive tells of a version. */
export function inHive({ semVer2 }: Hive, release: Pick<ReleaseFacts, 'prerelease' | 'metadata'>): boolean {
  return isWanted(release, { prerelease: true, semVer2 });
}

/** Pages of which only the bounds are in the index, or the one page with the versions in it. */
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

/** A page of the registration of a large package, which stands alone. */
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

/** The registration of one version. Its catalog entry is inside it, where the protocol has a link: there is no catalog. */
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
    version: shownVersion(metadata),
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
