import type { PackageRef, Tag } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex2, keys } from '../records/keys.ts';

/** How long bytes are kept that no version uses yet, in milliseconds: the version that uses them may be on its way. */
export const UNUSED_BLOB = 24 * 60 * 60 * 1000;

/** Returns the write that notes that something may be unused from a time on (`collect-unused.ts`). A later note replaces an earlier one. */
export function mayBeUnused(ref: PackageRef, digest: string, due: number): Write {
  const key = keys.unused(ref, digest);
  const at = `${new Date(due).toISOString()}#${key.pk}#${digest}`;
  return { put: itemOf(key, { due, digest }, inIndex2(indexes.unused.pk, at)) };
}

/** Returns the writes that no longer list tags under their versions, which may be unused from some time on. */
export function untaggedWrites(
  { clock, settings }: Pick<Registry, 'clock' | 'settings'>,
  ref: PackageRef,
  tags: readonly Tag[],
): Write[] {
  const due = clock.now() + settings.untaggedRetention;
  const versions = new Set(tags.map(({ version }) => version));
  return [
    ...tags.map(({ tag, version }) => ({ delete: keys.tagged(ref, version, tag) })),
    ...[...versions].map((version) => mayBeUnused(ref, version, due)),
  ];
}
