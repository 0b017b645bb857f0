import type { PackageName, VersionName } from '../../domain/names.ts';
import { isListed, type Version } from '../../domain/packages.ts';
import { type Document, documentText } from '../../registry/documents/document-cache.ts';
import { FRAGMENTS, type IndexKind } from '../../registry/documents/document-kind.ts';
import { isLarge, type Piece } from '../../registry/documents/large-document.ts';
import { contentUrl } from './addresses.ts';
import { byVersion, isPrerelease, normalised, parseVersion, versionOrder } from './nuget-version.ts';
import { type Metadata, metadata } from './schema.ts';

/** A version as shown in indexes. */
export interface ReleaseFacts {
  /** The id in lower case. */
  readonly name: PackageName;
  /** Normalised, in lower case. */
  readonly version: VersionName;
  readonly listed: boolean;
  readonly prerelease: boolean;
  /** ISO 8601. */
  readonly published: string;
  readonly metadata: Metadata;
}

/** The versions that a client requested. */
export interface VersionFilter {
  readonly prerelease: boolean;
  readonly semVer2: boolean;
}

/** The length of long texts in indexes of many versions, in characters: each version may have 300 KB of them. */
const MAX_TEXT = 4096;

/** A version as shown in indexes of many versions, with truncated texts. */
export function indexedRelease(version: Version<Metadata>): ReleaseFacts {
  const release = releaseOf(version);
  const { description, summary, releaseNotes, copyright } = release.metadata;
  const texts = {
    description: startOf(description),
    summary: startOf(summary),
    releaseNotes: startOf(releaseNotes),
    copyright: startOf(copyright),
  };
  return { ...release, metadata: { ...release.metadata, ...texts } };
}

/** Served versions in ascending order, including unlisted ones. */
export function releasesOf(versions: readonly Version<Metadata>[]): ReleaseFacts[] {
  return byVersion(versions, ({ version }) => version).map(indexedRelease);
}

function startOf(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT).toWellFormed()}…`;
}

/** A version as shown in indexes, with its whole texts. */
export function releaseOf({ status, ...release }: Version<Metadata>): ReleaseFacts {
  const { name, version, createdAt, metadata } = release;
  const parsed = parseVersion(version);
  return {
    name,
    version,
    listed: isListed({ status }),
    prerelease: parsed !== undefined && isPrerelease(parsed),
    published: new Date(createdAt).toISOString(),
    metadata,
  };
}

/** Whether a version passes a client's filter. */
export function passesFilter(
  { prerelease, metadata }: Pick<ReleaseFacts, 'prerelease' | 'metadata'>,
  filter: VersionFilter,
): boolean {
  return (filter.prerelease || !prerelease) && (filter.semVer2 || !metadata.semVer2);
}

/** A version in NuGet's normalised form, with the publisher's case and build metadata. */
export function fullVersion({ version }: Pick<Metadata, 'version'>): string {
  const parsed = parseVersion(version);
  if (!parsed) return version;
  return normalised(parsed) + (parsed.build === '' ? '' : `+${parsed.build}`);
}

/** The URL of a version's icon: in the package, or as given in the nuspec. */
export function iconUrl(base: string, release: ReleaseFacts): string {
  const { icon, iconUrl: external } = release.metadata;
  return icon === '' ? external : `${contentUrl(base, release)}/icon`;
}

/** The URL of a version's licence: in the package, or as given in the nuspec. */
export function licenseUrl(base: string, release: ReleaseFacts): string {
  const { license, licenseUrl: external } = release.metadata;
  return license === '' ? external : `${contentUrl(base, release)}/license`;
}

/** The longest catalog, in characters. The lowest versions of a larger package are left out. */
const MAX_CATALOG = 32 * 1024 * 1024;

/** The served versions of a package in ascending order: the highest ones that fit. */
export const releaseCatalog: IndexKind<Metadata> = {
  kind: 'nuget-catalog-3',
  metadata,
  versions: 'served',
  files: false,
  order: versionOrder,
  separator: ',',
  maxLength: MAX_CATALOG,
  fragment: (version) => ({
    facts: { version: version.version },
    text: JSON.stringify(indexedRelease(version)),
  }),
  frame: ({ versions }) => (versions.length === 0 ? [] : ['[', FRAGMENTS, ']']),
};

const parsed = new WeakMap<Document | Piece, readonly ReleaseFacts[]>();

/**
 * The versions in a `releaseCatalog` document. Each document or piece is parsed once for as long as it is in
 * memory.
 */
export async function releasesIn(document: Document): Promise<readonly ReleaseFacts[]> {
  const cached = parsed.get(document);
  if (cached) return cached;
  const releases: ReleaseFacts[] = [];
  if (isLarge(document)) {
    for (const piece of document.versions) {
      const some = parsed.get(piece) ?? (JSON.parse(`[${await piece.text()}]`) as ReleaseFacts[]);
      parsed.set(piece, some);
      releases.push(...some);
    }
  } else if (document.length > 0) {
    releases.push(...(JSON.parse(await documentText(document)) as ReleaseFacts[]));
  }
  parsed.set(document, releases);
  return releases;
}

/** The listed versions that pass a client's filter, in ascending order. */
export function listedReleases(releases: readonly ReleaseFacts[], filter: VersionFilter): ReleaseFacts[] {
  return releases.filter((release) => release.listed && passesFilter(release, filter));
}
