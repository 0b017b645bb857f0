import { parseVersionName, type VersionName } from '../../domain/names.ts';

/**
 * Versions as defined by the version specifiers specification (PEP 440). Numbers are kept as text, because a date
 * and time may have 20 digits. `@renovatebot/pep440` is not used: it rounds such numbers, so that different
 * versions become equal, and writes the local version `1.0+ubuntu.1` with a comma.
 */

/** The parts of a version. */
interface Parts {
  readonly epoch: string;
  readonly release: readonly string[];
  /** `a`, `b` or `rc`, and its number. */
  readonly pre: readonly [string, string] | undefined;
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[];
}

/** The longest version that is parsed, in characters. */
export const MAX_VERSION = 200;

const PATTERN = new RegExp(
  [
    /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)/,
    /(?:[._-]?(?<preLetter>alpha|a|beta|b|preview|pre|c|rc)[._-]?(?<preNumber>\d*))?/,
    /(?:-(?<implicitPost>\d+)|(?<post>[._-]?(?:post|rev|r)[._-]?(?<postNumber>\d*)))?/,
    /(?<dev>[._-]?dev[._-]?(?<devNumber>\d*))?/,
    /(?:\+(?<local>[a-z0-9]+(?:[._-][a-z0-9]+)*))?$/,
  ]
    .map(({ source }) => source)
    .join(''),
);

const PRE_LETTERS: Readonly<Record<string, string>> = {
  alpha: 'a',
  beta: 'b',
  c: 'rc',
  pre: 'rc',
  preview: 'rc',
};

function read(text: string): Parts | undefined {
  const trimmed = text.trim();
  const groups = trimmed.length > MAX_VERSION ? undefined : PATTERN.exec(trimmed.toLowerCase())?.groups;
  if (!groups) return undefined;
  const { preLetter, local } = groups;
  return {
    epoch: numberOf(groups.epoch),
    release: (groups.release ?? '').split('.').map(numberOf),
    pre:
      preLetter === undefined ? undefined : [PRE_LETTERS[preLetter] ?? preLetter, numberOf(groups.preNumber)],
    post:
      groups.implicitPost === undefined && groups.post === undefined
        ? undefined
        : numberOf(groups.implicitPost ?? groups.postNumber),
    dev: groups.dev === undefined ? undefined : numberOf(groups.devNumber),
    local:
      local === undefined ? [] : local.split(/[._-]/).map((part) => (isNumber(part) ? numberOf(part) : part)),
  };
}

/** A number without leading zeros; 0 if omitted. */
function numberOf(digits = ''): string {
  return digits.replace(/^0+(?=\d)/, '') || '0';
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/**
 * Normalizes a version (`1.0-RC1` becomes `1.0rc1`). Keeps zeros at the end of the release, as published. Returns
 * undefined if it is not valid.
 */
export function normalizedVersion(text: string): VersionName | undefined {
  const parts = read(text);
  return parts && textOf(parts);
}

/** The fewest numbers in the release of a canonical version: most versions are published with three. */
const NUMBERS = 3;

/**
 * Returns one text for all versions that are equal, under which versions are stored: `1.0.0` for `1`, `1.0` and
 * `1.0.0.0`. Undefined if the version is not valid.
 */
export function canonicalVersion(text: string): VersionName | undefined {
  const parts = read(text);
  if (!parts) return undefined;
  const release = trimmed(parts.release);
  const zeros = Array<string>(Math.max(NUMBERS - release.length, 0)).fill('0');
  return textOf({ ...parts, release: [...release, ...zeros] });
}

function textOf({ epoch, release, pre, post, dev, local }: Parts): VersionName | undefined {
  const normalized = [
    epoch === '0' ? '' : `${epoch}!`,
    release.join('.'),
    ...(pre ?? []),
    post === undefined ? '' : `.post${post}`,
    dev === undefined ? '' : `.dev${dev}`,
    local.length === 0 ? '' : `+${local.join('.')}`,
  ].join('');
  return parseVersionName(normalized);
}

/** Compares two versions for sorting in ascending order. Invalid versions sort before all valid ones. */
export function compareVersions(a: string, b: string): number {
  return compareParts(read(a), read(b));
}

/** The same order for an index, which parses each version once. */
export const versionOrder = { parse: read, compare: compareParts };

function compareParts(one: Parts | undefined, other: Parts | undefined): number {
  if (!one || !other) return Number(one !== undefined) - Number(other !== undefined);
  return (
    compareNumbers(one.epoch, other.epoch) ||
    compareLists(trimmed(one.release), trimmed(other.release), compareNumbers) ||
    compareNumbersWith(preRank, one, other) ||
    compareNumbers(one.pre?.[1] ?? '0', other.pre?.[1] ?? '0') ||
    compareOptional(one.post, other.post, -1) ||
    compareOptional(one.dev, other.dev, 1) ||
    compareLists(one.local, other.local, compareLocal)
  );
}

/** A development release sorts before its release's alphas; final and post releases after its candidates. */
function preRank({ pre, post, dev }: Parts): number {
  if (pre) return ['a', 'b', 'rc'].indexOf(pre[0]);
  return post === undefined && dev !== undefined ? -1 : 3;
}

function compareNumbersWith(rank: (parts: Parts) => number, one: Parts, other: Parts): number {
  return rank(one) - rank(other);
}

function compareNumbers(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

/** @param absent where an omitted part sorts: -1 before all numbers, 1 after them */
function compareOptional(a: string | undefined, b: string | undefined, absent: -1 | 1): number {
  if (a === undefined || b === undefined) return (Number(a === undefined) - Number(b === undefined)) * absent;
  return compareNumbers(a, b);
}

function compareLists(
  a: readonly string[],
  b: readonly string[],
  compare: (a: string, b: string) => number,
): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compare(part, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers sort after words. */
function compareLocal(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? 1 : -1;
  return a < b ? -1 : Number(a > b);
}

/** A release without trailing zeros, which are not significant. */
function trimmed(release: readonly string[]): readonly string[] {
  return release.slice(0, release.findLastIndex((part) => part !== '0') + 1);
}
