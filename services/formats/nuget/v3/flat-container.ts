import type { DocumentKind } from '../../../registry/documents/package-document.ts';
import { byVersion } from '../nuget-version.ts';
import type { Metadata } from '../schema.ts';

/**
 * The versions of a package that can be downloaded, lowest first, unlisted ones among them
 * (https://learn.microsoft.com/nuget/api/package-base-address-resource). Restoring asks for nothing else.
 */
export const versionList = listOf('nuget-versions-1', () => true);

/** Those of them that clients without SemVer 2.0.0 can read. */
export const semVer1List = listOf('nuget-semver1-versions-1', ({ semVer2 }) => !semVer2);

function listOf(kind: string, wanted: (metadata: Metadata) => boolean): DocumentKind<Metadata> {
  return {
    kind,
    files: false,
    render({ versions }) {
      const told = versions.filter(({ metadata }) => wanted(metadata));
      if (told.length === 0) return '';
      const sorted = byVersion(told, ({ version }) => version);
      return JSON.stringify({ versions: sorted.map(({ version }) => version) });
    },
  };
}

/** The versions that a rendered list has. */
export function versionsIn(document: Uint8Array): readonly string[] {
  return (JSON.parse(Buffer.from(document).toString()) as { versions: string[] }).versions;
}
