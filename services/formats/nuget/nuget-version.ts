import { parseVersionName, required, type VersionName } from '../../domain/names.ts';

/**
 * NuGet's versions and version ranges (https://learn.microsoft.com/nuget/concepts/package-versioning): SemVer
 * 2.0.0 with a fourth number and optional numbers. `@snyk/nuget-semver` is not used: it orders `alpha.10` before
 * `alpha.9` and does not normalise.
 */

/** The longest version, in characters. */
export const MAX_VERSION = 128;

/** The longest version range, in characters. */
const MAX_RANGE = 300;

/** A parsed version: SemVer 2.0.0 with NuGet's fourth number. */
export interface NuGetVersion {
  /** Major, minor, patch and revision. */
  readonly numbers: readonly number[];
  /** The parts of the prerelease label; empty for a stable version. */
  readonly labels: readonly string[];
  /** Build metadata, which comparisons ignore. */
  readonly build: string;
}

const VERSION =
  /^(?<numbers>\d{1,10}(?:\.\d{1,10}){0,3})(?:-(?<labels>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+(?<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** The largest part of a version: .NET's Int32. */
const MAX_NUMBER = 2 ** 31 - 1;

/**
 * Parses a version as NuGet does: one to four numbers; omitted ones are zero. Returns undefined if it is invalid.
 */
export function parseVersion(text: string): NuGetVersion | undefined {
  if (text.length > MAX_VERSION) return undefined;
  const found = VERSION.exec(text.trim())?.groups;
  if (!found) return undefined;
  const numbers = (found.numbers ?? '').split('.').map(Number);
  if (numbers.some((number) => number > MAX_NUMBER)) return undefined;
  return {
    numbers: [...numbers, 0, 0, 0].slice(0, 4),
    labels: found.labels?.split('.') ?? [],
    build: found.build ?? '',
  };
}

/**
 * Formats a version in NuGet's normalised form: three numbers, a fourth unless zero, the label, no build metadata.
 */
export function normalised({ numbers, labels }: NuGetVersion): string {
  const shown = numbers[3] === 0 ? numbers.slice(0, 3) : numbers;
  return shown.join('.') + (labels.length > 0 ? `-${labels.join('.')}` : '');
}

/** Formats a version for storage: normalised and in lower case, because versions are case-insensitive. */
export function storedVersion(version: NuGetVersion): VersionName {
  return required('version', parseVersionName(normalised(version).toLowerCase()));
}

/** Whether a version has a prerelease label. */
export function isPrerelease({ labels }: Pick<NuGetVersion, 'labels'>): boolean {
  return labels.length > 0;
}

/** Whether only SemVer 2.0.0 clients can read a version: its label has dots, or it has build metadata. */
export function isSemVer2({ labels, build }: NuGetVersion): boolean {
  return labels.length > 1 || build !== '';
}

/** Whether clients can read a version: no number in its label has a leading zero (SemVer 2.0.0, rule 9). */
export function isStrict({ labels }: NuGetVersion): boolean {
  return !labels.some((label) => /^0\d+$/.test(label));
}

/** Compares versions by NuGet's rules: SemVer's precedence with a fourth number and case-insensitive labels. */
export function compareVersions(a: NuGetVersion, b: NuGetVersion): number {
  for (let part = 0; part < 4; part++) {
    const difference = (a.numbers[part] ?? 0) - (b.numbers[part] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.labels.length === 0 || b.labels.length === 0) return b.labels.length - a.labels.length;
  const length = Math.min(a.labels.length, b.labels.length);
  for (let part = 0; part < length; part++) {
    const difference = compareLabels(a.labels[part] ?? '', b.labels[part] ?? '');
    if (difference !== 0) return difference;
  }
  return a.labels.length - b.labels.length;
}

function compareLabels(a: string, b: string): number {
  const [aNumeric, bNumeric] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (aNumeric && bNumeric) return compareText(...padded(a, b));
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  return compareText(a.toUpperCase(), b.toUpperCase());
}

/** Pads two integers of any length so that they sort as texts. */
function padded(a: string, b: string): [string, string] {
  const length = Math.max(a.length, b.length);
  return [a.padStart(length, '0'), b.padStart(length, '0')];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const NO_VERSION: NuGetVersion = { numbers: [-1], labels: [], build: '' };

/** The version order of indexes, ascending. Invalid versions sort first. */
export const versionOrder = {
  parse: (text: string): NuGetVersion => parseVersion(text) ?? NO_VERSION,
  compare: compareVersions,
};

/** Sorts items by their versions, in ascending order. */
export function byVersion<T>(items: readonly T[], versionOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, order: versionOrder.parse(versionOf(item)) }))
    .sort((a, b) => compareVersions(a.order, b.order))
    .map(({ item }) => item);
}

/** A range of versions; an unbounded end is undefined. */
export interface VersionRange {
  readonly low: NuGetVersion | undefined;
  readonly high: NuGetVersion | undefined;
  readonly withLow: boolean;
  readonly withHigh: boolean;
}

/** The range of all versions. */
export const anyVersion: VersionRange = { low: undefined, high: undefined, withLow: false, withHigh: false };

/** Parses a dependency's range as NuGet does: `1.0` means that version or higher. Undefined if it is not valid. */
export function parseRange(text: string): VersionRange | undefined {
  const whole = text.length <= MAX_RANGE ? text.trim() : '-';
  if (whole === '') return anyVersion;
  const single = parseVersion(whole);
  if (single) return isStrict(single) ? { ...anyVersion, low: single, withLow: true } : undefined;
  const [open = '', close = ''] = [whole[0], whole.at(-1)];
  if (!'[('.includes(open) || !'])'.includes(close) || whole.length < 2) return undefined;
  const [low = '', high = low, ...more] = whole
    .slice(1, -1)
    .split(',')
    .map((end) => end.trim());
  if (more.length > 0 || (!whole.includes(',') && (open !== '[' || close !== ']' || low === '')))
    return undefined;
  const [from, to] = [low, high].map((end) => (end === '' ? undefined : parseVersion(end)));
  if (![low, high].every((end, index) => end === '' || [from, to][index])) return undefined;
  if ((from && !isStrict(from)) || (to && !isStrict(to))) return undefined;
  const range = {
    low: from,
    high: to,
    withLow: from !== undefined && open === '[',
    withHigh: to !== undefined && close === ']',
  };
  return isEmpty(range) ? undefined : range;
}

/** Whether no version can be in a range. */
function isEmpty({ low, high, withLow, withHigh }: VersionRange): boolean {
  if (!low || !high) return false;
  const order = compareVersions(low, high);
  return order > 0 || (order === 0 && !(withLow && withHigh));
}

/** Formats a range in NuGet's normalised form: `[1.0.0, )`. */
export function normalisedRange({ low, high, withLow, withHigh }: VersionRange): string {
  const [from, to] = [low, high].map((end) => (end ? normalised(end) : ''));
  return `${withLow ? '[' : '('}${from}, ${to}${withHigh ? ']' : ')'}`;
}

/** Whether a version is in a range. */
export function isInRange(version: NuGetVersion, { low, high, withLow, withHigh }: VersionRange): boolean {
  const above = low ? compareVersions(version, low) : 1;
  const below = high ? compareVersions(version, high) : -1;
  return (above > 0 || (withLow && above === 0)) && (below < 0 || (withHigh && below === 0));
}
