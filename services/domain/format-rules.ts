/**
 * The facts about a package format that the core needs. Serving a format needs more: see `http/format/format.ts`.
 */
import type { Feature } from './access.ts';
import type { MetadataType } from './metadata.ts';
import type { FileIdentity, FileName, PackageName, TagName, VersionName } from './names.ts';
import type { RepositoryIndex } from './repository-index.ts';

/** How a format's names continue a prefix, so that an administrator can bind one to a namespace. */
export interface NamePrefixes {
  /** The characters that end a prefix within a longer name: `.` if `Acme` covers `Acme.Tools`. */
  readonly separators: string;
  /** Converts a name or prefix to the spelling of stored names. Undefined if it is neither a valid name nor a prefix of one. */
  parse(text: string): PackageName | undefined;
}

/**
 * The tag that a package always has, for formats whose clients install its version by default. The first publish sets it,
 * and when its version is removed it moves to the default among the others.
 */
export interface DefaultTag {
  readonly tag: TagName;
  /** Chooses a version; undefined if there are none. */
  choose(versions: readonly VersionName[]): VersionName | undefined;
}

/** See the top of this file. */
export interface FormatRules {
  readonly id: string;
  /** The feature of projects that it belongs to; by default packages. */
  readonly feature?: Feature;
  /** Whether clients exchange their tokens for grants, which cover a few requests and last some minutes. */
  readonly grants?: boolean;
  /** Whether files may be published again: never, or according to a group's setting. */
  readonly duplicates: 'never' | 'by-setting';
  /** The default where no group has a setting. Absent for formats that never allow duplicates. */
  readonly duplicatesAllowed?: boolean;
  /** Whether publishing identical bytes again succeeds without a change, because clients repeat uploads. */
  readonly idempotent?: boolean;
  /** Whether clients may send digests of a file before the file. */
  readonly digestsMayComeFirst?: boolean;
  /** Reads the metadata of a version. Absent for formats without metadata. */
  readonly metadata?: MetadataType;
  /** Reads the metadata of a file. */
  readonly fileMetadata?: MetadataType;
  /** Reads what an umbrella's index says about a subpackage. Absent for formats without subpackages. */
  readonly subpackageMetadata?: MetadataType;
  /**
   * Normalizes a version, for formats in which versions with different texts are equal. Publishes and reads provide
   * it; this is for filters, and for the upgrade of versions that were stored before. Not for formats with an `index`,
   * whose stanzas the upgrade does not change.
   */
  readonly normalizedVersion?: (version: VersionName) => VersionName;
  /**
   * The identity of a file by its name, for formats in which different spellings name the same file. Publishes
   * provide it with each file; this is for files that were stored before files had identities.
   */
  readonly fileIdentity?: (fileName: FileName) => FileIdentity;
  /** The maximum size of a file, in bytes. */
  readonly fileLimit: number;
  /**
   * Whether clients send credentials with their first request. For clients that wait for a challenge, anonymous
   * requests for missing things get a 401 instead of a 404.
   */
  readonly credentialsFirst: boolean;
  /**
   * The root namespace of a package name, for formats whose names include it (npm: `acme` for `@acme/widget`). At
   * instance level such a name is served only from projects of that namespace. Other names have an owner.
   */
  readonly namespaceOf?: (name: PackageName) => string | undefined;
  /**
   * Whether it is served only in projects, by the path of the project: its names need no owner, and its versions stay
   * out of the lists of packages, which they would flood.
   */
  readonly projectOnly?: boolean;
  /** Absent for formats whose names can't be bound to a namespace by a prefix. */
  readonly prefixes?: NamePrefixes;
  /** Absent for formats without a default tag. */
  readonly defaultTag?: DefaultTag;
  /** The index over all packages of a project, for formats whose clients read one. */
  readonly index?: RepositoryIndex;
}
