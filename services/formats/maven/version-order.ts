/** Maven's version order: the "generic version scheme" of its resolver. No maintained npm package implements it. */

/** A part of a version. Kinds sort by their number: `min` is lowest, then known qualifiers, and so on. */
interface Part {
  readonly kind: typeof MIN | typeof QUALIFIER | typeof TEXT | typeof NUMBER | typeof MAX;
  readonly value: bigint | string;
}

const MIN = 0;
const QUALIFIER = 1;
const TEXT = 2;
const NUMBER = 3;
const MAX = 4;

/** Known qualifiers, relative to the release itself, which is 0. A missing part also counts as 0. */
const qualifiers = new Map<string, bigint>([
  ['alpha', -5n],
  ['beta', -4n],
  ['milestone', -3n],
  ['rc', -2n],
  ['cr', -2n],
  ['snapshot', -1n],
  ['ga', 0n],
  ['final', 0n],
  ['release', 0n],
  ['sp', 1n],
]);

const short = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

/** A version parsed for comparison. */
export type ParsedVersion = readonly Part[];

/** Parses a version. Every text is valid. */
export function parseVersion(version: string): ParsedVersion {
  const pieces = version.split(/[._-]/);
  if (pieces.length > 1 && pieces.at(-1) === '') pieces.pop();
  const parts = pieces.flatMap((piece, index) => partsOf(piece, index === pieces.length - 1));
  return withoutPadding(parts);
}

/** The parts of a piece between two separators: runs of digits and of other characters. */
function partsOf(piece: string, isLast: boolean): Part[] {
  const runs = piece.match(/\d+|\D+/g) ?? ['0'];
  return runs.map((run, index): Part => {
    if (/^\d/.test(run)) return { kind: NUMBER, value: BigInt(run) };
    const word = run.toLowerCase();
    const ends = index === runs.length - 1;
    if (isLast && ends && word === 'min') return { kind: MIN, value: word };
    if (isLast && ends && word === 'max') return { kind: MAX, value: word };
    // A single letter is a qualifier only right before a number: `1.0a1`, but not `1.0a` nor `1.0-a-1`.
    const qualifier = qualifiers.get(ends ? word : (short.get(word) ?? word));
    return qualifier === undefined ? { kind: TEXT, value: word } : { kind: QUALIFIER, value: qualifier };
  });
}

function isWord({ kind }: Part): boolean {
  return kind === QUALIFIER || kind === TEXT;
}

/** Compares a part with a missing one, which counts as 0 and as the release. */
function compareToMissing({ kind, value }: Part): number {
  if (kind === MIN) return -1;
  if (kind === MAX || kind === TEXT) return 1;
  return compareValues(value, 0n);
}

function compareValues(a: bigint | string, b: bigint | string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Drops trailing zeros and release qualifiers from each run of numbers or words, but never the first part. */
function withoutPadding(parts: readonly Part[]): Part[] {
  const kept = [...parts];
  for (let index = kept.length - 1; index > 0; index--) {
    const part = kept[index];
    const before = kept[index - 1];
    const after = kept[index + 1];
    if (!part || !before) continue;
    const endsRow = !after || isWord(after) !== isWord(part);
    const replaceable = !after || isWord(before) === isWord(part);
    if (endsRow && replaceable && compareToMissing(part) === 0) kept.splice(index, 1);
  }
  return kept;
}

/** Compares two versions: negative if the first one is older. */
export function compareVersions(a: ParsedVersion, b: ParsedVersion): number {
  const common = Math.min(a.length, b.length);
  let words = false;
  for (let index = 0; index < common; index++) {
    const [one, other] = [a[index], b[index]] as [Part, Part];
    if (isWord(one) !== isWord(other)) {
      if (index === 0) return one.kind - other.kind;
      // The version that continues the run of words or numbers is the longer one there.
      return isWord(one) === words ? remainder(a, index, words) : -remainder(b, index, words);
    }
    const order = one.kind - other.kind || compareValues(one.value, other.value);
    if (order !== 0) return order;
    words = isWord(one);
  }
  return a.length >= b.length ? remainder(a, common) : -remainder(b, common);
}

/** Compares the rest of a version with nothing. @param words only its words (true) or only its numbers (false) */
function remainder(parts: ParsedVersion, from: number, words?: boolean): number {
  for (const part of parts.slice(from)) {
    if (words !== undefined && isWord(part) !== words) continue;
    const order = compareToMissing(part);
    if (order !== 0) return order;
  }
  return 0;
}
