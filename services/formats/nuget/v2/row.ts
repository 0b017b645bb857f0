import { compareVersions, parseVersion } from '../nuget-version.ts';
import { fullVersion, iconUrl, licenseUrl, passesFilter, type ReleaseFacts } from '../releases.ts';
import type { DependencyGroup } from '../schema.ts';
import type { FilterValue } from './odata/filter.ts';

/** A version in the feed. Which one is the latest depends on the versions that a client can read. */
export interface Row {
  readonly release: ReleaseFacts;
  readonly isLatest: boolean;
  readonly isAbsoluteLatest: boolean;
}

/** The date that marks a version as unlisted for old clients, as on nuget.org. */
const UNLISTED = '1900-01-01T00:00:00';

/** The rows of a package, in ascending order of versions. */
export function rowsOf(releases: readonly ReleaseFacts[], semVer2: boolean): Row[] {
  const readable = releases.filter((release) => passesFilter(release, { prerelease: true, semVer2 }));
  const latest = readable.findLast(({ listed, prerelease }) => listed && !prerelease);
  const absolute = readable.findLast(({ listed }) => listed);
  return readable.map((release) => ({
    release,
    isLatest: release === latest,
    isAbsoluteLatest: release === absolute,
  }));
}

/** The OData type of a property. */
export type EdmType = 'Edm.String' | 'Edm.DateTime' | 'Edm.Boolean' | 'Edm.Int32' | 'Edm.Int64';

type Property = readonly [type: EdmType, value: (row: Row, base: string) => FilterValue];

/** The properties of a version by OData name, in the order of the feed. */
export const properties: ReadonlyMap<string, Property> = new Map<string, Property>([
  ['Id', ['Edm.String', ({ release }) => release.metadata.id]],
  ['Version', ['Edm.String', ({ release }) => release.metadata.version]],
  [
    'NormalizedVersion',
    ['Edm.String', ({ release }) => fullVersion(release.metadata).split('+', 1)[0] ?? ''],
  ],
  ['Title', ['Edm.String', ({ release }) => release.metadata.title || release.metadata.id]],
  ['Authors', ['Edm.String', ({ release }) => release.metadata.authors]],
  ['Description', ['Edm.String', ({ release }) => release.metadata.description]],
  ['Summary', ['Edm.String', ({ release }) => release.metadata.summary]],
  ['ReleaseNotes', ['Edm.String', ({ release }) => release.metadata.releaseNotes]],
  ['Tags', ['Edm.String', ({ release }) => ` ${release.metadata.tags.join(' ')} `]],
  ['Copyright', ['Edm.String', ({ release }) => release.metadata.copyright]],
  ['Language', ['Edm.String', ({ release }) => release.metadata.language]],
  ['ProjectUrl', ['Edm.String', ({ release }) => release.metadata.projectUrl]],
  ['IconUrl', ['Edm.String', ({ release }, base) => iconUrl(base, release)]],
  ['LicenseUrl', ['Edm.String', ({ release }, base) => licenseUrl(base, release)]],
  ['RequireLicenseAcceptance', ['Edm.Boolean', ({ release }) => release.metadata.requireLicenseAcceptance]],
  ['DevelopmentDependency', ['Edm.Boolean', ({ release }) => release.metadata.developmentDependency]],
  ['Dependencies', ['Edm.String', ({ release }) => dependenciesOf(release.metadata.dependencyGroups)]],
  ['MinClientVersion', ['Edm.String', ({ release }) => release.metadata.minClientVersion || null]],
  ['IsPrerelease', ['Edm.Boolean', ({ release }) => release.prerelease]],
  ['IsLatestVersion', ['Edm.Boolean', ({ isLatest }) => isLatest]],
  ['IsAbsoluteLatestVersion', ['Edm.Boolean', ({ isAbsoluteLatest }) => isAbsoluteLatest]],
  ['Listed', ['Edm.Boolean', ({ release }) => release.listed]],
  ['Created', ['Edm.DateTime', ({ release }) => timeOf(release)]],
  ['LastUpdated', ['Edm.DateTime', ({ release }) => timeOf(release)]],
  ['Published', ['Edm.DateTime', ({ release }) => (release.listed ? timeOf(release) : UNLISTED)]],
  ['PackageSize', ['Edm.Int64', ({ release }) => release.metadata.size]],
  ['PackageHash', ['Edm.String', ({ release }) => release.metadata.sha512]],
  ['PackageHashAlgorithm', ['Edm.String', () => 'SHA512']],
  ['DownloadCount', ['Edm.Int32', () => 0]],
  ['VersionDownloadCount', ['Edm.Int32', () => 0]],
]);

/** The publish time in OData's format. */
function timeOf({ published }: ReleaseFacts): string {
  return published.replace('Z', '');
}

/** `id:range:framework`, separated by `|`; a group without dependencies has only its framework. */
function dependenciesOf(groups: readonly DependencyGroup[]): string {
  return groups
    .flatMap(({ targetFramework, dependencies }) =>
      dependencies.length === 0
        ? [`::${targetFramework}`]
        : dependencies.map(({ id, range }) => `${id}:${range}:${targetFramework}`),
    )
    .join('|');
}

/** Whether a row's version is higher than another; false if that is invalid. */
export function isNewer({ release }: Row, than: string): boolean {
  const [version, other] = [parseVersion(release.version), parseVersion(than)];
  return version !== undefined && other !== undefined && compareVersions(version, other) > 0;
}
