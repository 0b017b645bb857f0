/** What the core must know of a package format to decide for it. Serving it needs more: see `http/format/format.ts`. */
import type { Project } from './accounts.ts';
import type { MetadataType } from './metadata.ts';
import type { RepositoryIndex } from './repository-index.ts';

/**
 * Which copy of a version answers when several projects hold it. A copy that is listed always goes before one that is
 * not, and then the project with the lower id before others.
 *
 * - `first-copy`: the first one that has files at all. All files of a version come from it, never some from another.
 * - `first-file`: each file comes from the first copy that has it.
 * - `newest-file`: each file comes from the copy in which it was published last, be that listed or not.
 */
export type Precedence = 'first-copy' | 'first-file' | 'newest-file';

/** See the top of this file. */
export interface FormatRules {
  readonly id: string;
  /** Whether files may be published again at all: never, or by the setting of a group. */
  readonly duplicates: 'never' | 'by-setting';
  /** The rule where no group has set one. Formats that never allow duplicates have none. */
  readonly duplicatesAllowed?: boolean;
  /** Whether the same bytes again are no duplicate and change nothing, because clients repeat what they have sent. */
  readonly idempotent?: boolean;
  readonly precedence: Precedence;
  /** How the metadata of a version is read. Formats without any have none. */
  readonly metadata?: MetadataType;
  /** The same of a single file. */
  readonly fileMetadata?: MetadataType;
  /**
   * The identity of a file by its name, for formats in which differently spelled names are one file. Publishes give it
   * with each file; this is for files that were stored before files had identities.
   */
  readonly fileIdentity?: (fileName: string) => string;
  /** The most bytes of a file. */
  readonly fileLimit: number;
  /**
   * Whether clients send credentials with their first request. For those that wait for a challenge, an anonymous request
   * for something that is not found is answered with 401 where others get 404.
   */
  readonly credentialsFirst: boolean;
  /**
   * The root namespace a name belongs to, where names say so (npm: `acme` for `@acme/widget`). At instance level such a
   * name is served only from projects of that namespace.
   */
  readonly namespaceOf?: (name: string) => string | undefined;
  /** Indexes over all packages of a project, for formats whose clients read one. */
  readonly index?: RepositoryIndex;
}

/** Whether a project is in the namespace that a package name says it belongs to; true of names that say nothing. */
export function isInOwnNamespace(
  { namespaceOf }: Pick<FormatRules, 'namespaceOf'>,
  name: string,
  { fullPath }: Pick<Project, 'fullPath'>,
): boolean {
  const namespace = namespaceOf?.(name)?.toLowerCase();
  return namespace === undefined || fullPath.toLowerCase().startsWith(`${namespace}/`);
}
