import type { Format } from '../../../services/http/format/format.ts';

/** What the fleet tests need of a format to test the behaviour that all formats share. Paths follow the prefix. */
export interface Sample {
  readonly id: string;
  /** The format's descriptor, where the catalog does not have it. */
  readonly format?: Format;
  /**
   * The request that publishes version `version` of package `name`, and the bytes of its file. Another `content` gives
   * other bytes.
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
  /** The path of the file of that version; for some formats it depends on the content. */
  file(name: string, version: string, content?: string): string;
  /** A prefix of names as an administrator writes it, and a name below it; absent if names have no prefixes. */
  readonly bound?: { readonly prefix: string; readonly name: string };
  /** The name as it is stored; absent where that is the name itself. */
  storedName?(name: string): string;
  /** An index document of the package, for formats that have one. */
  index?(name: string): string;
  /** Further reads of the package that clients do often, and that must cost as little as the index. */
  hotReads?(name: string): readonly string[];
  /** Further reads that show one version: its contents, its checksums, the version by a tag. */
  reads?(name: string, version: string): readonly string[];
  /** Searches and lists that find the package. */
  searches?(name: string): readonly string[];
  /** A document of an index over all packages of a project, for formats that have one. */
  readonly repositoryIndex?: string;
  /** A request that deletes the version, for formats whose clients can. */
  delete?(name: string, version: string): { readonly method: string; readonly path: string };
  /** How many sequential table calls a publish may make; four if absent. */
  readonly publishTrips?: number;
  /** The status of publishing a version again, if that is rejected; absent if it is allowed. */
  readonly duplicate?: number;
  /** The status for a package that an anonymous caller cannot find at instance level. */
  readonly anonymousMissing: 401 | 404;
}
