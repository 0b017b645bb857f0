import type { Version } from '../../domain/packages.ts';
import type { Document } from '../../registry/document-cache.ts';
import type { PackageContents } from '../../registry/entities.ts';
import type { DocumentKind } from '../../registry/packages/package-document.ts';
import { byVersion, isPrerelease, normalised, parseVersion } from '../../shared/versions/nuget-version.ts';
import { contentUrl } from './addresses.ts';
import type { Metadata } from './schema.ts';

/** A version as indexes show it. */
export interface ReleaseFacts {
  /** The id in lower case. */
  readonly name: string;
  /** Normalised, in lower case. */
  readonly version: string;
  readonly listed: boolean;
  readonly prerelease: boolean;
  /** ISO 8601. */
  readonly published: string;
  readonly metadata: Metadata;
}

/** Which versions a client wants to know of. */
export interface Wanted {
  readonly prerelease: boolean;
  readonly semVer2: boolean;
}

/** The versions of a package that are served, lowest first, unlisted ones among them. */
export function releasesOf({ versions }: Pick<PackageContents<Metadata>, 'versions'>): ReleaseFacts[] {
  return byVersion(versions.filter(isServed), ({ version }) => version).map(releaseOf);
}

/** Whether a version can be downloaded: all but those that are being made or removed. */
export function isServed({ status }: Pick<Version, 'status'>): boolean {
  return status === 'default' || status === 'deprecated' || status === 'hidden';
}

/** A version as indexes show it. */
export function releaseOf({ name, version, status, createdAt, metadata }: Version<Metadata>): ReleaseFacts {
  const parsed = parseVersion(version);
  return {
    name,
    version,
    listed: status !== 'hidden',
    prerelease: parsed !== undefined && isPrerelease(parsed),
    published: new Date(createdAt).toISOString(),
    metadata,
  };
}

/** Whether a client that wants certain versions is to be told of one. */
export function isWanted(
  { prerelease, metadata }: Pick<ReleaseFacts, 'prerelease' | 'metadata'>,
  wanted: Wanted,
): boolean {
  return (wanted.prerelease || !prerelease) && (wanted.semVer2 || !metadata.semVer2);
}

/** A version in NuGet's normalised form, in the case and with the build metadata that its publisher gave it. */
export function shownVersion({ version }: Pick<Metadata, 'version'>): string {
  const parsed = parseVersion(version);
  if (!parsed) return version;
  return normalised(parsed) + (parsed.build === '' ? '' : `+${parsed.build}`);
}

/** Where the icon of a version is: in the package, or where the nuspec says. */
export function iconUrl(base: string, release: ReleaseFacts): string {
  const { icon, iconUrl: elsewhere } = release.metadata;
  return icon === '' ? elsewhere : `${contentUrl(base, release)}/icon`;
}

/** Where the licence of a version is. */
export function licenseUrl(base: string, release: ReleaseFacts): string {
  const { license, licenseUrl: elsewhere } = release.metadata;
  return license === '' ? elsewhere : `${contentUrl(base, release)}/license`;
}

/** All versions of a package that are served, lowest first. */
export const releaseCatalog: DocumentKind<Metadata> = {
  kind: 'nuget-catalog-1',
  files: false,
  render(contents) {
    const releases = releasesOf(contents);
    return releases.length === 0 ? '' : JSON.stringify(releases);
  },
};

const parsed = new WeakMap<Document, readonly ReleaseFacts[]>();

/** The versions a document of `releaseCatalog` has. They are read once for as long as the document is in memory. */
export function releasesIn(document: Document): readonly ReleaseFacts[] {
  let releases = parsed.get(document);
  if (!releases) {
    releases = JSON.parse(Buffer.from(document.identity).toString()) as ReleaseFacts[];
    parsed.set(document, releases);
  }
  return releases;
}

/** The listed versions that a client wants to know of, lowest first. */
export function listedReleases(releases: readonly ReleaseFacts[], wanted: Wanted): ReleaseFacts[] {
  return releases.filter((release) => release.listed && isWanted(release, wanted));
}
