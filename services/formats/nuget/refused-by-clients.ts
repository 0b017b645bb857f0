import { isFramework } from './frameworks.ts';
import { isStrict, parseRange, parseVersion } from './nuget-version.ts';

/** What clients parse of each version in an index. */
interface Parsed {
  readonly version: string;
  readonly minClientVersion: string;
  readonly dependencyGroups: readonly {
    readonly targetFramework: string;
    readonly dependencies: readonly { readonly id: string; readonly range: string }[];
  }[];
}

/**
 * Why NuGet's clients refuse to read a version, or undefined. A client that finds such a version in an index stops
 * with an error, also when it wanted another version. So such versions are refused, and those that are stored are
 * left out of indexes.
 */
export function refusedByClients({
  version,
  minClientVersion,
  dependencyGroups,
  ...rest
}: Parsed): string | undefined {
  const parsed = parseVersion(version);
  if (!parsed) return `the version "${version}" is not valid: see https://semver.org`;
  if (!isStrict(parsed)) {
    return `the version "${version}" has a number with a leading zero after the "-", which NuGet can't read`;
  }
  if (minClientVersion !== '' && !parseVersion(minClientVersion)) {
    return `minClientVersion "${minClientVersion}" is not a version`;
  }
  for (const { targetFramework, dependencies } of dependencyGroups) {
    if (!isFramework(targetFramework)) {
      return `the target framework "${targetFramework}" of a group of dependencies is not valid`;
    }
    const wrong = dependencies.find(({ range }) => !parseRange(range));
    if (wrong) return `"${wrong.range}" is not a range of versions of the dependency ${wrong.id}`;
  }
  const notUnicode = Object.entries(rest).find(
    ([, text]) => typeof text === 'string' && !text.isWellFormed(),
  );
  return notUnicode && `${notUnicode[0]} is not valid Unicode`;
}
