import type { MetadataType } from '../../domain/metadata.ts';
import type { VersionName } from '../../domain/names.ts';
import { isServed, type Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import type { HeldPackage } from '../packages/held-package.ts';
import { entityOf } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readMany } from '../records/read-many.ts';
import { togetherOf } from './read-sources.ts';

/**
 * Reads some versions of a package that one or more projects hold, by key, and merges them as an index does.
 * Leaves out versions that are missing, not served or unreadable. One round trip, and another for versions that
 * several projects have.
 */
export async function versionsOf<M>(
  registry: Pick<Registry, 'table' | 'log'>,
  { heads, withheld }: HeldPackage,
  versions: readonly VersionName[],
  metadata: MetadataType<M>,
): Promise<readonly Version<M>[]> {
  if (heads.length === 0) return [];
  const all = [...heads, ...withheld];
  const items = await readMany(
    registry.table,
    all.flatMap((head) => versions.map((version) => keys.version(head, version))),
  );
  const found = items.flatMap((item) => (item ? [entityOf<Version<M>>(item)] : []));
  const contents = all.map((head, index) => ({
    head,
    withheld: index >= heads.length,
    versions: found.filter((version) => version.projectId === head.projectId && isServed(version)),
    tags: [],
    files: [],
  }));
  return (await togetherOf(registry, contents, { metadata })).versions;
}
