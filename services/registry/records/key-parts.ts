/**
 * Parts of keys, and the attributes that put items into indexes. Text becomes a part that contains no `#` and makes no
 * key too long for the table.
 */
import { hash } from 'node:crypto';
import type { PackageRef } from '../../domain/packages.ts';
import { MAX_KEY_BYTES } from '../../ports/table-rules.ts';

/** Escapes a part of a key. */
export function escapePart(part: string): string {
  if (!part.includes('%') && !part.includes('#')) return part;
  return part.replaceAll('%', '%25').replaceAll('#', '%23');
}

/** Unescapes a part of a key. */
export function unescapePart(part: string): string {
  return part.replaceAll('%23', '#').replaceAll('%25', '%');
}

/**
 * A text with an escaped part between two that are already parts of a key. If it would have more than `room` bytes, the
 * part is shortened to its beginning and a digest of the whole. Different parts stay different: an escaped one has a `2`
 * after every `%`.
 */
export function fitted(before: string, part: string, after = '', room = MAX_KEY_BYTES): string {
  const escaped = escapePart(part.toWellFormed());
  const whole = before + escaped + after;
  // UTF-8 needs at most three bytes for each UTF-16 code unit.
  if (whole.length * 3 <= room || Buffer.byteLength(whole) <= room) return whole;
  const end = `%sha256:${hash('sha256', escaped)}${after}`;
  const left = room - Buffer.byteLength(before + end);
  return before + escaped.slice(0, Math.floor(left / 3)).toWellFormed() + end;
}

/** An id in sort keys: sixteen digits, so that text order is number order. */
export function padId(id: number): string {
  return String(id).padStart(16, '0');
}

/** Groups, root first, as a part of a sort key. The part of a group starts with those of the groups above it. */
export function groupPath(groups: readonly number[]): string {
  return groups.map(padId).join('/');
}

/** The sort key of a version in the index of a project's versions by name. */
export function versionByName(row: PackageRef & { readonly version: string; readonly id: number }): string {
  return `${versionsOfName(row)}${escapePart(row.version)}#${padId(row.id)}`;
}

/** The prefix of the versions of a name, and of names that only differ in case, in the index by name. */
export function versionsOfName({ format, name }: Pick<PackageRef, 'format' | 'name'>): string {
  const lower = name.toLowerCase();
  // A few characters take more bytes in lower case, and the key would be too long.
  const fits = Buffer.byteLength(lower) <= Buffer.byteLength(name);
  return `${format}#${escapePart(fits ? lower : name)}#`;
}

/** Attributes that put an item into a partition of the first index. */
export function inIndex1(pk: string, sk: string) {
  return { index1pk: pk, index1sk: sk };
}

/** Attributes that put an item into a partition of the second index. */
export function inIndex2(pk: string, sk: string) {
  return { index2pk: pk, index2sk: sk };
}
