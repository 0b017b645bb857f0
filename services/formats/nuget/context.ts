import { RegistryError } from '../../domain/errors.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { FormatContext } from '../../http/access/guard.ts';
import { findDocument } from '../../http/answer/index-document.ts';
import type { Access } from '../../registry/access/open-access.ts';
import { packageDocument } from '../../registry/documents/package-document.ts';
import { projectSource } from '../../registry/documents/source.ts';
import { packageId, packageVersion } from './names.ts';
import { type ReleaseFacts, releaseCatalog, releasesIn } from './releases.ts';

/** The id in the address of a request, in lower case. */
export function nameOf(c: FormatContext): string {
  return packageId(c.req.param('id') ?? '');
}

/** The version in the address of a request, as it is stored. */
export function versionOf(c: FormatContext): string {
  return packageVersion(c.req.param('version') ?? '');
}

/** The address under which the endpoints of the format are asked for. */
export function baseOf(c: FormatContext): string {
  return c.env.registry.settings.url + c.env.address.prefix;
}

/**
 * The versions of a package that a search found, lowest first, in the first project that has any. A package that can't
 * be read spoils nobody's search.
 */
export async function releasesOfHit(
  { env: { registry } }: FormatContext,
  heads: readonly PackageHead[],
): Promise<readonly ReleaseFacts[]> {
  for (const head of heads) {
    try {
      const source = projectSource(registry.table, head);
      const releases = await releasesIn(await packageDocument(registry, [source], releaseCatalog, ''));
      if (releases.length > 0) return releases;
    } catch (error) {
      registry.log.error('package left out of a search', { package: head.name, format: head.format, error });
    }
  }
  return [];
}

/** The versions of the package that a request names, lowest first; none when there is no such package. */
export async function releasesFound(c: FormatContext, access: Access): Promise<readonly ReleaseFacts[]> {
  const document = await findDocument(c, access, releaseCatalog);
  if (document) return releasesIn(document);
  // A package without a version that is served is answered like none.
  requireUser(c, access);
  return [];
}

/**
 * Challenges who searches a group or the instance without credentials. NuGet sends them only once it was refused, and
 * would otherwise find nothing but what is public.
 */
export function requireUser(c: FormatContext, { principal }: Access): void {
  if (c.env.address.level !== 'project' && principal.kind === 'anonymous') {
    throw new RegistryError('unauthenticated');
  }
}
