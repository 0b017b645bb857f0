import type { PackageFile, PackageRef } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../entities.ts';
import { indexes, isOlderFile, packageOf } from '../keys.ts';

/** A file found by its alias, and the package it belongs to. */
export interface AliasedFile {
  readonly ref: PackageRef;
  readonly file: PackageFile;
}

/** The most files of one alias that are looked at: the same file in as many versions and projects. */
const MAX_FILES = 100;

/**
 * The current files of a format that have an alias, in every project, the last published first. Who asks has not been
 * checked: a file may be told of only after its package was opened. A file just published may be missing for a moment.
 */
export async function findAliased(
  { table }: Pick<Registry, 'table'>,
  format: string,
  alias: string,
): Promise<AliasedFile[]> {
  const { items } = await table.query({ ...indexes.aliases(format, alias), reverse: true, limit: MAX_FILES });
  return items
    .filter((item) => !isOlderFile(item))
    .map((item) => ({ ref: packageOf(item), file: entityOf<PackageFile>(item) }));
}
