import { RegistryError } from '../../domain/errors.ts';
import type { VersionName } from '../../domain/names.ts';
import type { PackageRef, Tag } from '../../domain/packages.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex2, keys, padId } from '../records/keys.ts';

/** How long bytes are kept that no version uses yet, in milliseconds: the version that uses them may be on its way. */
export const UNUSED_BLOB = 24 * 60 * 60 * 1000;

/** What may be unused: bytes or a version, by the digest, or the uses of a version that may never have been published. */
export type MayBeUnused =
  | { readonly kind: 'blob' | 'version'; readonly digest: string }
  | { readonly kind: 'uses'; readonly id: number; readonly version: VersionName };

/**
 * Returns the write that notes that something may be unused from a time on (`collect-unused.ts`). A later note replaces an
 * earlier one.
 */
export function mayBeUnused(ref: PackageRef, what: MayBeUnused, due: number): Write {
  const key = keys.unused(ref, what.kind, what.kind === 'uses' ? padId(what.id) : what.digest);
  const at = `${new Date(due).toISOString()}#${key.pk}#${key.sk}`;
  return { put: itemOf(key, { due, ...what }, inIndex2(indexes.unused.pk, at)) };
}

/** Returns the write that notes that a version may be without a tag and unused: from the end of its retention on. */
export function mayBeUntagged(
  { clock, settings }: Pick<Registry, 'clock' | 'settings'>,
  ref: PackageRef,
  version: string,
): Write {
  return mayBeUnused(ref, { kind: 'version', digest: version }, clock.now() + settings.untaggedRetention);
}

/**
 * Lets a version count as new: without a tag, it is kept as long as one that was just published.
 * @throws RegistryError `packageNotFound` if it is gone
 */
export async function renewVersion(
  registry: Pick<Registry, 'table' | 'clock' | 'settings'>,
  ref: PackageRef,
  version: VersionName,
): Promise<void> {
  const writes: Write[] = [
    // A removal that has read the version before starts over.
    { update: keys.version(ref, version), add: { additions: 1 }, when: { exists: true } },
    mayBeUntagged(registry, ref, version),
  ];
  try {
    await registry.table.write(writes);
  } catch (error) {
    throw error instanceof ConditionFailed ? new RegistryError('packageNotFound') : error;
  }
}

/** Returns the writes that no longer list tags under their versions, which may be unused from some time on. */
export function untaggedWrites(
  registry: Pick<Registry, 'clock' | 'settings'>,
  ref: PackageRef,
  tags: readonly Tag[],
): Write[] {
  const versions = new Set(tags.map(({ version }) => version));
  return [
    ...tags.map(({ tag, version }) => ({ delete: keys.tagged(ref, version, tag) })),
    ...[...versions].map((version) => mayBeUntagged(registry, ref, version)),
  ];
}
