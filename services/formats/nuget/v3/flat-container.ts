import type { VersionName } from '../../../domain/names.ts';
import type { Version } from '../../../domain/packages.ts';
import { type Document, documentText } from '../../../registry/documents/document-cache.ts';
import { FRAGMENTS, type IndexKind } from '../../../registry/documents/document-kind.ts';
import { versionOrder } from '../nuget-version.ts';
import { type Metadata, metadata } from '../schema.ts';

/**
 * The downloadable versions of a package in ascending order, including unlisted ones
 * (https://learn.microsoft.com/nuget/api/package-base-address-resource). A restore needs no other index.
 */
export const versionList = listOf('nuget-versions-2', () => true);

/** The same list without SemVer 2.0.0 packages. */
export const semVer1List = listOf('nuget-semver1-versions-2', ({ metadata }) => !metadata.semVer2);

function listOf(kind: string, isShown: (version: Version<Metadata>) => boolean): IndexKind<Metadata> {
  return {
    kind,
    metadata,
    versions: 'served',
    files: false,
    order: versionOrder,
    separator: ',',
    fragment: (version) =>
      isShown(version)
        ? { facts: { version: version.version }, text: JSON.stringify(version.version) }
        : undefined,
    frame: ({ versions }) => (versions.length === 0 ? [] : ['{"versions":[', FRAGMENTS, ']}']),
  };
}

/** The versions in a rendered list. */
export async function versionsIn(document: Document): Promise<readonly VersionName[]> {
  return (JSON.parse(await documentText(document)) as { versions: VersionName[] }).versions;
}
