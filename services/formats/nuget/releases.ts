import { isListed, type Version } from '../../domain/packages.ts';
import { type Document, documentText } from '../../registry/documents/document-cache.ts';
import { FRAGMENTS, type IndexKind } from '../../registry/documents/document-kind.ts';
import { isLarge, type Piece } from '../../registry/documents/large-document.ts';
import { contentUrl } from './addresses.ts';
import { byVersion, isPrerelease, normalised, parseVersion, versionOrder } from './nuget-version.ts';
import { type Metadata, metadata } from './schema.ts';

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

/** The most characters of a long text where many versions are told of: each may have 300 KB of them. */
const MAX_TEXT = 4096;

/** A version as indexes of many versions show it: with only the start of long texts. */
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

/** Versions that are served, lowest first, unlisted ones among them. */
export function releasesOf(versions: readonly Version<Metadata>[]): ReleaseFacts[] {
  return byVersion(versions, ({ version }) => version).map(indexedRelease);
}

function startOf(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT).toWellFormed()}…`;
}

/** A version as indexes show it. */
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

/** The most characters of a catalog. Of a package that has more to tell the lowest versions are left out. */
const MAX_CATALOG = 32 * 1024 * 1024;

/** All versions of a package that are served, lowest first, as far as they fit. */
export const releaseCatalog: IndexKind<Metadata> = {
  kind: 'nuget-catalog-2',
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
 * The versions in a document of `releaseCatalog`. They are read once for as long as the document, or the piece of it that
 * they are in, is in memory.
 */
export async function releasesIn(document: Document): Promise<readonly ReleaseFacts[]> {
  const known = parsed.get(document);
  if (known) return known;
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

/** The listed versions that a client wants to know of, lowest first. */
export function listedReleases(releases: readonly ReleaseFacts[], wanted: Wanted): ReleaseFacts[] {
  return releases.filter((release) => release.listed && isWanted(release, wanted));
}
