import { prerelease, rsort } from 'semver';
import type { DefaultTag } from '../../domain/format-rules.ts';
import { parseTagName, required, type VersionName } from '../../domain/names.ts';

/** The highest version; a prerelease only if there are no others. Undefined without versions. */
export function defaultVersion(versions: readonly VersionName[]): VersionName | undefined {
  const releases = versions.filter((version) => prerelease(version) === null);
  return rsort([...(releases.length > 0 ? releases : versions)])[0];
}

/** `latest`, the version that clients install by default. */
export const defaultTag: DefaultTag = {
  tag: required('tag', parseTagName('latest')),
  choose: defaultVersion,
};
