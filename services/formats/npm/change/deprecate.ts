import { badRequest, RegistryError } from '../../../domain/errors.ts';
import { isListed, type PackageHead } from '../../../domain/packages.ts';
import type { FormatContext, Target } from '../../../http/access/guard.ts';
import { changeVersions } from '../../../registry/packages/change-versions.ts';
import { readableVersions } from '../../../registry/packages/read-metadata.ts';
import { readAllVersions } from '../../../registry/packages/read-versions.ts';
import { type ClaimedManifest, metadata, type PackageDocument } from '../schema.ts';

/** The most characters of a reason. */
const MAX_REASON = 1024;

/**
 * Sets why versions should not be used any more, from a packument that a client read, changed and sent back. Versions
 * without the field stay as they are, so that a packument read a moment too early undoes nothing.
 */
export async function changeDeprecations(
  c: FormatContext,
  target: Target,
  name: string,
  versions: NonNullable<PackageDocument['versions']>,
): Promise<number> {
  const { registry } = c.env;
  const wanted = new Map(
    Object.entries(versions)
      .filter(([, { deprecated }]) => deprecated !== undefined && deprecated !== null)
      .map(([version, { deprecated }]) => [version, reasonOf(deprecated)]),
  );
  const all = await readAllVersions(registry, headOf(target));
  const differing = readableVersions(registry, all.versions, metadata).filter((known) => {
    const reason = wanted.get(known.version);
    return reason !== undefined && reason !== known.metadata.deprecated;
  });
  const names = differing.map(({ version }) => version);
  const change = { ...target, format: 'npm', metadata, name, versions: names };
  const { changed } = await changeVersions(registry, change, (known) => {
    const deprecated = wanted.get(known.version);
    if (deprecated === undefined || deprecated === known.metadata.deprecated) return undefined;
    const status = deprecated === '' ? 'default' : 'deprecated';
    return {
      metadata: { ...known.metadata, deprecated },
      status: isListed(known) ? status : known.status,
    };
  });
  return changed;
}

/** A reason as text; `true` is one without words. */
export function reasonOf(deprecated: ClaimedManifest['deprecated']): string {
  if (typeof deprecated !== 'string') return deprecated ? 'This version is deprecated' : '';
  if (deprecated.length > MAX_REASON) {
    throw badRequest(`A deprecation message has at most ${MAX_REASON} characters`);
  }
  return deprecated.toWellFormed();
}

/** The head of the package a request is about. */
export function headOf({ holding }: Target): PackageHead {
  const head = holding?.head;
  if (!head) throw new RegistryError('packageNotFound');
  return head;
}
