/** What the core must know of a package format to decide for it. Serving it needs more: see `http/format/format.ts`. */

/**
 * Which copy of a version is served when several projects hold it: that of the `first` project (by id), the `newest`
 * file of the name, or, for indexes that show every project's files, whichever copy matches the request (`merge`).
 */
export type Precedence = 'first' | 'newest' | 'merge';

/** See the top of this file. */
export interface FormatRules {
  readonly id: string;
  /** Whether files may be published again at all: never, or by the setting of a group. */
  readonly duplicates: 'never' | 'by-setting';
  /** The rule where no group has set one. Formats that never allow duplicates have none. */
  readonly duplicatesAllowed?: boolean;
  readonly precedence: Precedence;
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
}
