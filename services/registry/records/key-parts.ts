/** How text becomes a part of a key: it contains no `#`, and makes no key too long for the table. */
import { hash } from 'node:crypto';
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
