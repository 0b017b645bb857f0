/** What is kept of a version. Texts that the nuspec does not have are empty. */
export interface Metadata extends Nuspec {
  /** Bytes and SHA-512 (base64) of the package file. */
  readonly size: number;
  readonly sha512: string;
}

/** What a nuspec tells of its package (https://learn.microsoft.com/nuget/reference/nuspec). */
export interface Nuspec {
  /** As its publisher writes it: ids are the same in any case. */
  readonly id: string;
  /** As its publisher writes it, with build metadata. */
  readonly version: string;
  /** Whether only clients that know SemVer 2.0.0 can use it: by its version, or by that of a dependency. */
  readonly semVer2: boolean;
  readonly title: string;
  readonly authors: string;
  readonly description: string;
  readonly summary: string;
  readonly releaseNotes: string;
  readonly copyright: string;
  readonly language: string;
  readonly tags: readonly string[];
  readonly projectUrl: string;
  readonly iconUrl: string;
  readonly licenseUrl: string;
  /** An SPDX expression. */
  readonly licenseExpression: string;
  /** Paths in the archive; empty when there is no such file in it. */
  readonly license: string;
  readonly icon: string;
  readonly readme: string;
  readonly requireLicenseAcceptance: boolean;
  readonly developmentDependency: boolean;
  readonly minClientVersion: string;
  readonly packageTypes: readonly PackageType[];
  readonly dependencyGroups: readonly DependencyGroup[];
}

/** What a package is for; an ordinary one is a `Dependency`. */
export interface PackageType {
  readonly name: string;
  readonly version: string;
}

/** The dependencies for a target framework; without one they hold for those that have no group of their own. */
export interface DependencyGroup {
  readonly targetFramework: string;
  readonly dependencies: readonly Dependency[];
}

/** A package that is needed, and in which versions (normalised). */
export interface Dependency {
  readonly id: string;
  readonly range: string;
}

/** What is kept of a file of debug symbols. */
export interface SymbolFacts {
  /** SHA-256 of the file with its identity set to zero, as compilers write it into what they build; hex. */
  readonly checksum: string;
}
