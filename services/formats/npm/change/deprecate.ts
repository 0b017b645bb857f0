import { badRequest, RegistryError } from '../../../domain/errors.ts';
import { type PackageName, parseVersionName } from '../../../domain/names.ts';
import { isListed, type PackageHead } from '../../../domain/packages.ts';
import type { FormatContext, Target } from '../../../http/access/guard.ts';
import { changeVersions } from '../../../registry/packages/change-versions.ts';
import { readVersions } from '../../../registry/packages/read-versions.ts';
import { type Metadata, metadata, type PackageDocument, type SentManifest } from '../schema.ts';

/** The longest reason, in characters. */
const MAX_REASON = 1024;

/**
 * Deprecates or undeprecates versions, from a packument that a client has edited. Versions without the field stay
 * unchanged, so that a stale packument undoes nothing.
 * @returns the number of changed versions
 */
export async function changeDeprecations(
  c: FormatContext,
  target: Target,
  name: PackageName,
  versions: NonNullable<PackageDocument['versions']>,
): Promise<number> {
  const { registry } = c.env;
  const reasons = new Map(
    Object.entries(versions)
      .filter(([, { deprecated }]) => deprecated !== undefined && deprecated !== null)
      .map(([version, { deprecated }]) => [version, reasonOf(deprecated)]),
  );
  const ref = headOf(target);
  const refs = [...reasons.keys()].flatMap((text) => {
    const version = parseVersionName(text);
    return version ? [{ ...ref, version }] : [];
  });
  const named = await readVersions(registry, refs, metadata);
  const names = named.flatMap((stored) => {
    const differs = stored && reasons.get(stored.version) !== stored.metadata.deprecated;
    return differs ? [stored.version] : [];
  });
  const change = {
    ...{ ...target, format: c.env.format, name, versions: names },
    facts: ({ deprecated }: Metadata): Record<string, string> => (deprecated ? { deprecated } : {}),
  };
  const { changed } = await changeVersions(registry, change, (stored) => {
    const deprecated = reasons.get(stored.version);
    if (deprecated === undefined || deprecated === stored.metadata.deprecated) return undefined;
    const status = deprecated === '' ? 'default' : 'deprecated';
    return {
      metadata: { ...stored.metadata, deprecated },
      status: isListed(stored) ? status : stored.status,
    };
  });
  return changed;
}

/** The reason as text; empty if not deprecated. `true` gives a generic reason. */
export function reasonOf(deprecated: SentManifest['deprecated']): string {
  if (typeof deprecated !== 'string') return deprecated ? 'This version is deprecated' : '';
  if (deprecated.length > MAX_REASON) {
    throw badRequest(`A deprecation message may have at most ${MAX_REASON} characters`);
  }
  return deprecated.toWellFormed();
}

/** The head of the requested package. @throws RegistryError `packageNotFound` */
export function headOf({ holding }: Target): PackageHead {
  const head = holding?.head;
  if (!head) throw new RegistryError('packageNotFound');
  return head;
}
