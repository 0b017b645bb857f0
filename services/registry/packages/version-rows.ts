import type { PackageRef } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { entityOf, type PackagePointer } from '../records/entities.ts';
import { indexes, versionsOfName } from '../records/keys.ts';
import { queryGrowing } from '../records/query-all.ts';

/** The versions of a package as small rows, in the order of their texts. The index may lag slightly. */
export async function* versionRows(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
): AsyncGenerator<PackagePointer> {
  const { projectId, format, name } = ref;
  const ranges = [
    { ...indexes.packagesByName(projectId), prefix: versionsOfName(ref) },
    // Rows that the upgrade to schema 4 has not reached yet.
    { ...indexes.formerPackagesByName(projectId), prefix: `${name}#` },
  ];
  for (const range of ranges) {
    for await (const items of queryGrowing(table, range, 100)) {
      for (const item of items) {
        const row = entityOf<PackagePointer>(item);
        // Names that differ only in case share the range.
        if (row.name === name && row.format === format) yield row;
      }
    }
  }
}
