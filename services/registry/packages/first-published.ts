import type { PackageRef } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { entityOf, type PackagePointer } from '../records/entities.ts';
import { indexes } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';

/** When the earliest version that a project has of a package was published; infinite if it has none. */
export async function firstPublished({ table }: Pick<Registry, 'table'>, ref: PackageRef): Promise<number> {
  const range = { ...indexes.packagesByName(ref.projectId), prefix: `${ref.name}#` };
  const rows = (await queryAll(table, range)).map((item) => entityOf<PackagePointer>(item));
  const own = rows.filter(({ format, name }) => format === ref.format && name === ref.name);
  return Math.min(...own.map(({ createdAt }) => createdAt));
}
