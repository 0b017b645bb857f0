import { RegistryError } from '../../domain/errors.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { FormatContext } from '../../http/guard.ts';
import type { Scope } from '../../http/scope.ts';
import { maybeEntity } from '../../registry/entities.ts';
import { keys } from '../../registry/keys.ts';
import { packageDocument } from '../../registry/packages/package-document.ts';
import type { SearchHit } from '../../registry/packages/search-packages.ts';
import { readMany } from '../../registry/read-many.ts';
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

/** The versions of each package that a search found, lowest first. */
export async function releasesOfHits(
  c: FormatContext,
  hits: readonly SearchHit[],
): Promise<(readonly ReleaseFacts[])[]> {
  const { registry, address } = c.env;
  const heads = await readMany(
    registry.table,
    hits.map(({ project, name }) => keys.head({ projectId: project.id, format: address.format, name })),
  );
  const found: (readonly ReleaseFacts[])[] = [];
  for (const item of heads) {
    const head = maybeEntity<PackageHead>(item);
    if (!head) continue;
    const document = await packageDocument(registry, [head], releaseCatalog, '');
    if (document.identity.byteLength > 0) found.push(releasesIn(document));
  }
  return found;
}

/**
 * Challenges who searches a group or the instance without credentials. NuGet sends them only once it was refused, and
 * would otherwise find nothing but what is public.
 */
export function requireUser(c: FormatContext, { principal }: Scope): void {
  if (c.env.address.level !== 'project' && principal.kind === 'anonymous') {
    throw new RegistryError('unauthenticated');
  }
}
