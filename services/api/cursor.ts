import { badParameters } from '../domain/errors.ts';

/** A position in the order of a list: a value, then an id. */
export type Position = readonly [value: string | number, id: number];

/** The maximum length of the value of a position, in bytes of UTF-8: full paths are the longest. */
const MAX_VALUE = 1000;

/** The text of a position in links to the page after it. */
export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Parses the text of a position, which clients may have changed. `accepts` says whether the list can have the position.
 * @throws RegistryError `invalidParameter` otherwise
 */
export function parseCursor(cursor: string, accepts: (position: Position) => boolean): Position {
  const position = positionOf(cursor);
  if (position && accepts(position)) return position;
  throw badParameters(['cursor is invalid']);
}

function positionOf(cursor: string): Position | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(parsed) || parsed.length !== 2) return undefined;
    const [value, id] = parsed as unknown[];
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) return undefined;
    if (typeof value === 'number') return Number.isFinite(value) ? [value, id] : undefined;
    const isText = typeof value === 'string' && value.isWellFormed() && Buffer.byteLength(value) <= MAX_VALUE;
    return isText ? [value, id] : undefined;
  } catch {
    return undefined;
  }
}
