import { badRequest, RegistryError } from '../../../domain/errors.ts';
import type { PackageHead } from '../../../domain/packages.ts';
import type { FormatContext, Target } from '../../../http/access/guard.ts';
import { readContents } from '../../../registry/documents/package-document.ts';
import { changeVersions } from '../../../registry/packages/change-versions.ts';
import { isInstallable } from '../read/packument.ts';
import type { ClaimedManifest, Metadata, PackageDocument } from '../schema.ts';

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
  const head = headOf(target);
  const wanted = new Map(
    Object.entries(versions)
      .filter(([, { deprecated }]) => deprecated !== undefined && deprecated !== null)
      .map(([version, { deprecated }]) => [version, reasonOf(deprecated)]),
  );
  const contents = await readContents<Metadata>(registry.table, head, false);
  const differing = contents.versions.filter(({ version, metadata }) => {
    const reason = wanted.get(version);
    return reason !== undefined && reason !== metadata.deprecated;
  });
  const change = { ...target, format: 'npm', name, versions: differing.map(({ version }) => version) };
  return changeVersions<Metadata>(registry, change, ({ version, status, metadata }) => {
    const deprecated = wanted.get(version);
    if (deprecated === undefined || deprecated === metadata.deprecated) return undefined;
    const told = deprecated === '' ? 'default' : 'deprecated';
    return { metadata: { ...metadata, deprecated }, status: isInstallable({ status }) ? told : status };
  });
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
export function headOf({ scope }: Target): PackageHead {
  const head = scope.found[0]?.head;
  if (!head) throw new RegistryError('packageNotFound');
  return head;
}
