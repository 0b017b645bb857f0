/** The partition keys that several keys and ranges share. */
import type { PackageName, VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { KeyOwner } from '../../ports/signer.ts';
import { escapePart, fitted } from './key-parts.ts';

/** The partitions of removed projects, and of versions whose files are still being published. */
export const DELETED = 'DELETED';
export const CLAIMS = 'CLAIMS';
/** Sorts before all holders of the name, so that the first item of the partition tells whether there is an owner. */
export const OWNER = '#OWNER';

/** The most bytes of an index's name that is followed by another part. */
const INDEX_ROOM = 300;

/** The owner of members and tokens. */
export type Owner = { readonly kind: 'group' | 'project' | 'user'; readonly id: number };

/** The partition of an owner. */
export function ownerPartition(owner: Owner | KeyOwner): string {
  return `${owner.kind.toUpperCase()}#${owner.id}`;
}

/** The owner of a name index: a project, a root namespace (including everything below it), or the instance. */
export type NamesOwner = Owner | 'instance';

/** The partition of the words, or names, of an owner. */
export function namesPartition(kind: 'WORD' | 'NAMES', owner: NamesOwner): string {
  return `${kind}#${owner === 'instance' ? 'INSTANCE' : ownerPartition(owner)}`;
}

/** The partition of a name: its owner, and the projects that hold it. */
export function namePartition(format: string, name: PackageName): string {
  return `NAME#${format}#${escapePart(name)}`;
}

/** The partition of a package. */
export function packagePartition(ref: PackageRef): string {
  return `PACKAGE#${ref.projectId}#${ref.format}#${escapePart(ref.name)}`;
}

/** The beginning of the sort keys of the files of a version. */
export function filePrefix(version: VersionName): string {
  return `FILE#${escapePart(version)}#`;
}

/** Identifies an index over all packages of one format in a project. */
export interface IndexRef {
  readonly projectId: number;
  readonly format: string;
  /** See `StanzaPosition`. */
  readonly index: string;
}

/** The partition of an index over all packages. */
export function indexPartition(ref: IndexRef): string {
  return fitted(`INDEX#${ref.projectId}#${ref.format}#`, ref.index);
}

/** The partition of the stanzas of one partition of an index. */
export function stanzaPartition(ref: IndexRef, partition: string): string {
  const index = fitted('', ref.index, '', INDEX_ROOM);
  return fitted(`STANZAS#${ref.projectId}#${ref.format}#${index}#`, partition);
}
