import type { PackageRef } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { ranges } from '../records/keys.ts';

/** Whether a version has files: all of them may have been deleted, one by one. */
export async function hasFiles(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
  version: string,
): Promise<boolean> {
  const { items } = await table.query({ ...ranges.filesOf(ref, version), limit: 1 });
  return items.length > 0;
}
