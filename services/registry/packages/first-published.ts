import type { PackageRef } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { versionRows } from './version-rows.ts';

/** When the earliest version that a project has of a package was published; infinite if it has none. */
export async function firstPublished(registry: Pick<Registry, 'table'>, ref: PackageRef): Promise<number> {
  let earliest = Number.POSITIVE_INFINITY;
  for await (const { createdAt } of versionRows(registry, ref)) earliest = Math.min(earliest, createdAt);
  return earliest;
}
