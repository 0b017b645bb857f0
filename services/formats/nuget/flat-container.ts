import type { DocumentKind } from '../../registry/packages/package-document.ts';
import { byVersion } from '../../shared/versions/nuget-version.ts';
import { isServed } from './releases.ts';
import type { Metadata } from './schema.ts';

/**
 * The versions of a package that can be downloaded, lowest first, unlisted ones among them
 * (https://learn.microsoft.com/nuget/api/package-base-address-resource). Restoring asks for nothing else.
 */
export const versionList: DocumentKind<Metadata> = {
  kind: 'nuget-versions-1',
  files: false,
  render({ versions }) {
    const served = versions.filter(isServed).map(({ version }) => version);
    if (served.length === 0) return '';
    return JSON.stringify({ versions: byVersion(served, (version) => version) });
  },
};

/** The versions that a rendered list has. */
export function versionsIn(document: Uint8Array): readonly string[] {
  return (JSON.parse(Buffer.from(document).toString()) as { versions: string[] }).versions;
}
