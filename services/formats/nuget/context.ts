import { RegistryError } from '../../domain/errors.ts';
import type { PackageName, VersionName } from '../../domain/names.ts';
import type { FormatContext } from '../../http/access/guard.ts';
import { findDocument } from '../../http/answer/index-document.ts';
import { storageError } from '../../http/answer/storage-error.ts';
import type { Access } from '../../registry/access/open-access.ts';
import { packageDocument } from '../../registry/documents/package-document.ts';
import { sourcesOf } from '../../registry/documents/source.ts';
import type { HeldPackage } from '../../registry/packages/held-package.ts';
import type { SearchResult } from '../../registry/search/search-packages.ts';
import { findVisible, searchVisible } from '../../registry/search/visible-packages.ts';
import { packageId, packageVersion, parsePackageId } from './names.ts';
import { type ReleaseFacts, releaseCatalog, releasesIn } from './releases.ts';
import type { SearchText } from './search/search-text.ts';

/** The most ids that a request may name. */
const MAX_IDS = 200;

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
  held: HeldPackage,
): Promise<readonly ReleaseFacts[]> {
  const sources = sourcesOf(registry, held);
  if (!sources) return [];
  try {
    return await releasesIn(await packageDocument(registry, sources, releaseCatalog, ''));
  } catch (error) {
    if (storageError(error)) throw error;
    const { name, format } = sources[0].head;
    registry.log.error('package left out of a search', { package: name, format, error });
    return [];
  }
}

/** The most packages that a search reads to tell whether they match. */
const MAX_READ = 1000;

/**
 * The packages that may match a search and that the caller may pull: by their ids if it names some, else by its words.
 * `matches` of the search has yet to be checked.
 * @param readsPackages whether packages are read to tell if they match, so that more of them are candidates
 */
export function candidates(
  c: FormatContext,
  access: Access,
  { words, ids, readsPackages }: Pick<SearchText, 'words' | 'ids' | 'readsPackages'>,
): Promise<SearchResult> {
  const { registry } = c.env;
  if (!ids) return searchVisible(registry, access, words, readsPackages ? MAX_READ : undefined);
  const named = [...ids].flatMap((id) => parsePackageId(id) ?? []).sort();
  return findVisible(registry, access, named.slice(0, MAX_IDS));
}

/** The versions of the requested package, in ascending order; empty if there is no such package. */
export async function requestedReleases(c: FormatContext, access: Access): Promise<readonly ReleaseFacts[]> {
  const document = await findDocument(c, access, releaseCatalog);
  if (document) return releasesIn(document);
  // A package without a served version is treated as missing.
  challengeAnonymous(c, access);
  return [];
}

/**
 * Challenges anonymous searches of a group or the instance. NuGet sends credentials only after a 401, and would
 * otherwise find public packages only.
 * @throws RegistryError `unauthenticated`
 */
export function challengeAnonymous(c: FormatContext, { principal }: Access): void {
  if (c.env.address.level !== 'project' && principal.kind === 'anonymous') {
    throw new RegistryError('unauthenticated');
  }
}
