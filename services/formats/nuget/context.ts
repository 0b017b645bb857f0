import { RegistryError } from '../../domain/errors.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { FormatContext } from '../../http/access/guard.ts';
import { findDocument } from '../../http/answer/index-document.ts';
import { storageError } from '../../http/answer/storage-error.ts';
import type { Access } from '../../registry/access/open-access.ts';
import { packageDocument } from '../../registry/documents/package-document.ts';
import { projectSource } from '../../registry/documents/source.ts';
import { packageId, packageVersion } from './names.ts';
import { type ReleaseFacts, releaseCatalog, releasesIn } from './releases.ts';

/** The package id in a request's path, in lower case. */
export function nameOf(c: FormatContext): PackageName {
  return packageId(c.req.param('id') ?? '');
}

/** The version in a request's path, as stored. */
export function versionOf(c: FormatContext): VersionName {
  return packageVersion(c.req.param('version') ?? '');
}

/** The URL that the requested endpoint's paths are relative to. */
export function baseOf(c: FormatContext): string {
  return c.env.registry.settings.url + c.env.address.prefix;
}

/**
 * The versions of a package that a search found, in ascending order, merged from the projects that hold it. A package
 * that can't be read is logged and left out, unless the storage itself is not available.
 */
export async function releasesOfHit(
  { env: { registry } }: FormatContext,
  heads: readonly PackageHead[],
): Promise<readonly ReleaseFacts[]> {
  const [first, ...rest] = heads.map((head) => projectSource(registry.table, head));
  if (!first) return [];
  try {
    return await releasesIn(await packageDocument(registry, [first, ...rest], releaseCatalog, ''));
  } catch (error) {
    if (storageError(error)) throw error;
    const { name, format } = first.head;
    registry.log.error('package left out of a search', { package: name, format, error });
    return [];
  }
}

/** The versions of the requested package, in ascending order; empty if there is no such package. */
export async function requestedReleases(c: FormatContext, access: Access): Promise<readonly ReleaseFacts[]> {
  const document = await findDocument(c, access, releaseCatalog);
  if (document) return releasesIn(document);
  // A package without a served version is treated as missing.
  requireUser(c, access);
  return [];
}

/**
 * Challenges anonymous searches of a group or the instance. NuGet sends credentials only after a 401, and would
 * otherwise find public packages only.
 * @throws RegistryError `unauthenticated`
 */
export function requireUser(c: FormatContext, { principal }: Access): void {
  if (c.env.address.level !== 'project' && principal.kind === 'anonymous') {
    throw new RegistryError('unauthenticated');
  }
}
