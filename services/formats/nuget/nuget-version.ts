/**
 * NuGet's versions and ranges of them (https://learn.microsoft.com/nuget/concepts/package-versioning): SemVer 2.0.0 with a
 * fourth number, and with versions that leave numbers out. Better here than `@snyk/nuget-semver`, which orders `alpha.10`
 * before `alpha.9` and does not normalise.
 */

/** The most characters a version, and a range of them, may have. */
const MAX_VERSION = 128;
const MAX_RANGE = 300;

/** A version: SemVer 2.0.0, and a fourth number, as NuGet has it. */
export interface NuGetVersion {
  /** Major, minor, patch and revision. */
  readonly numbers: readonly number[];
  /** The parts of the prerelease label; none for a stable version. */
  readonly labels: readonly string[];
  /** Build metadata, by which versions are not told apart. */
  readonly build: string;
}

const VERSION =
  /^(?<numbers>\d{1,10}(?:\.\d{1,10}){0,3})(?:-(?<labels>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+(?<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** What .NET keeps a part of a version in. */
const MAX_NUMBER = 2 ** 31 - 1;

/** Reads a version as NuGet does, or answers undefined. One to four numbers; what is left out is zero. */
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

/** A version in NuGet's normalised form: three numbers, a fourth that is not zero, the label, no build metadata. */
export function normalised({ numbers, labels }: NuGetVersion): string {
  const shown = numbers[3] === 0 ? numbers.slice(0, 3) : numbers;
  return shown.join('.') + (labels.length > 0 ? `-${labels.join('.')}` : '');
}

/** A normalised version in the case it is stored in: versions that differ in case alone are the same. */
export function storedVersion(version: NuGetVersion): string {
  return normalised(version).toLowerCase();
}

/** Whether a version has a prerelease label. */
export function isPrerelease({ labels }: Pick<NuGetVersion, 'labels'>): boolean {
  return labels.length > 0;
}

/** Whether only clients that know SemVer 2.0.0 can read a version: its label has dots, or it has build metadata. */
export function isSemVer2({ labels, build }: NuGetVersion): boolean {
  return labels.length > 1 || build !== '';
}

/** Orders versions by NuGet's rules: SemVer's precedence with a fourth number, labels in any case. */
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

/** Two whole numbers of any length as texts that sort as they do. */
function padded(a: string, b: string): [string, string] {
  const length = Math.max(a.length, b.length);
  return [a.padStart(length, '0'), b.padStart(length, '0')];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const NO_VERSION: NuGetVersion = { numbers: [-1], labels: [], build: '' };

/** How indexes order versions, the lowest first. Texts that are no versions come first of all. */
export const versionOrder = {
  parse: (text: string): NuGetVersion => parseVersion(text) ?? NO_VERSION,
  compare: compareVersions,
};

/** Sorts things by their versions, the lowest first. */
export function byVersion<T>(things: readonly T[], versionOf: (thing: T) => string): T[] {
  return things
    .map((thing) => ({ thing, order: versionOrder.parse(versionOf(thing)) }))
    .sort((a, b) => compareVersions(a.order, b.order))
    .map(({ thing }) => thing);
}

/** A range of versions; an end that is open to all versions is undefined. */
export interface VersionRange {
  readonly low: NuGetVersion | undefined;
  readonly high: NuGetVersion | undefined;
  readonly withLow: boolean;
  readonly withHigh: boolean;
}

const ANY: VersionRange = { low: undefined, high: undefined, withLow: false, withHigh: false };

/** Reads a range of a dependency: `1.0` means from there on. What can't be read means any version, as it does to NuGet. */
export function parseRange(text: string): VersionRange {
  const single = parseVersion(text);
  if (single) return { ...ANY, low: single, withLow: true };
  const whole = text.length <= MAX_RANGE ? text.trim() : '';
  const [open = '', close = ''] = [whole[0], whole.at(-1)];
  if (!'[('.includes(open) || !'])'.includes(close) || whole.length < 2) return ANY;
  const [low = '', high = low, ...more] = whole
    .slice(1, -1)
    .split(',')
    .map((end) => end.trim());
  const [from, to] = [low, high].map((end) => (end === '' ? undefined : parseVersion(end)));
  const unread = (low !== '' && !from) || (high !== '' && !to) || more.length > 0;
  if (unread || (!whole.includes(',') && (open !== '[' || close !== ']'))) return ANY;
  return {
    low: from,
    high: to,
    withLow: from !== undefined && open === '[',
    withHigh: to !== undefined && close === ']',
  };
}

/** A range in NuGet's normalised form: `[1.0.0, )`. */
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
