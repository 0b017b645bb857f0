import type { Tag } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { versionRows } from '../packages/version-rows.ts';
import { entityOf, type PackagePointer } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { forEachOf } from '../records/read-many.ts';

/** The most other versions of a package that are listed. */
const MAX_OTHERS = 1000;

/** Other versions of a package that pass a filter, as rows: at most 1,000, in the order of their texts. */
export async function otherVersions(
  registry: Registry,
  row: Pick<PackagePointer, 'id' | 'projectId' | 'format' | 'name'>,
  passes: (row: PackagePointer) => boolean,
): Promise<PackagePointer[]> {
  const found: PackagePointer[] = [];
  for await (const other of versionRows(registry, row)) {
    if (other.id === row.id || !passes(other)) continue;
    found.push(other);
    if (found.length === MAX_OTHERS) break;
  }
  return found;
}

/** The tags of each version, by the id of the version. */
export async function tagsOf(
  registry: Registry,
  versions: readonly Pick<PackagePointer, 'id' | 'projectId' | 'format' | 'name' | 'version'>[],
): Promise<ReadonlyMap<number, readonly Tag[]>> {
  const packages = Map.groupBy(versions, ({ projectId, format, name }) => `${projectId}#${format}#${name}`);
  const found = await forEachOf([...packages.values()], async (group) => {
    const [ref] = group;
    const tags = ref ? await queryAll(registry.table, ranges.tags(ref)) : [];
    const byVersion = Map.groupBy(
      tags.map((item) => entityOf<Tag>(item)),
      ({ version }) => version,
    );
    return group.map(({ id, version }) => [id, byVersion.get(version) ?? []] as const);
  });
  return new Map(found);
}
