/** Reads what the keys of the registry table consist of. */
import { type PackageName, parsePackageName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import { unescapePart } from './key-parts.ts';

/** The package whose partition a key is in. */
export function packageOfKey({ pk }: Key): PackageRef {
  const [, projectId, format = '', part = ''] = pk.split('#');
  const name = parsePackageName(unescapePart(part));
  if (name === undefined) throw new TypeError(`${pk} is not the partition of a package`);
  return { projectId: Number(projectId), format, name };
}

/** The name and project in the key of a search word. */
export function namedByWord({ sk }: Key): { readonly name: PackageName; readonly projectId: number } {
  const [, part = '', projectId] = sk.split('#');
  const name = parsePackageName(unescapePart(part));
  if (name === undefined) throw new TypeError(`${sk} is not the key of a search word`);
  return { name, projectId: Number(projectId) };
}

/** Whether a key belongs to a removed version, as opposed to a removed file. */
export function isRemovedVersion({ sk }: Key): boolean {
  return sk.startsWith('REMOVED#');
}

/** Whether a file's key belongs to an older copy or a removed file, not to the current file of its identity. */
export function isOlderFile({ sk }: Key): boolean {
  return sk.split('#').length > 3;
}

/** The exclusive lower bound of the sort keys of all older files with the same identity as this older file. */
export function beforeOlderFiles({ sk }: Key): string {
  return sk.slice(0, sk.lastIndexOf('#') + 1);
}
