import type { Format } from '../../../services/http/format/format.ts';

/** What the fleet tests must know of a format to try the behaviour that all formats share. Paths follow the prefix. */
export interface Sample {
  readonly id: string;
  /** The format's descriptor, where the catalog does not have it. */
  readonly format?: Format;
  /**
   * The request that publishes version `version` of package `name`, and the bytes its file will have; with other `content`
   * they are others, for formats that let a file be published again.
   */
  publish(
    name: string,
    version: string,
    content?: string,
  ): Promise<{
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Uint8Array;
    readonly bytes: Uint8Array;
  }>;
  /** Where the file of that version is. */
  file(name: string, version: string): string;
  /** An index document of the package, for formats that have one. */
  index?(name: string): string;
  /** Further reads of the package that clients do often, and that must cost as little as the index. */
  hotReads?(name: string): readonly string[];
  /** Further reads that say something of one version: what is in it, its checksums, the version by a tag. */
  reads?(name: string, version: string): readonly string[];
  /** Searches and lists that find the package. */
  searches?(name: string): readonly string[];
  /** A document of an index over all packages of a project, for formats that have one. */
  readonly repositoryIndex?: string;
  /** A request that deletes the version, for formats whose clients can. */
  delete?(name: string, version: string): { readonly method: string; readonly path: string };
  /** How many table calls a publish may wait for, one after the other, where it is not four. */
  readonly publishTrips?: number;
  /** The status of publishing a version again, where that is refused; absent where it is allowed. */
  readonly duplicate?: number;
  /** The status for a package that an anonymous caller can't find at instance level. */
  readonly anonymousMissing: 401 | 404;
}
