import type { Format } from '../../../services/http/format/format.ts';

/** A request that publishes, and the bytes of its file. */
export interface Upload {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly bytes: Uint8Array;
}

/** A part of the format's addresses that clients choose, such as the version. */
export interface Parameter {
  readonly what: string;
  /** Its maximum length in characters, as error messages state it. */
  readonly limit: number;
  /** A valid value of that length. */
  readonly longest: string;
  /** A value that would be valid if it were not longer by one character. */
  readonly tooLong: string;
  /** A valid value that contains a word of letters, digits and a hyphen; the word itself if absent. */
  holding?(word: string): string;
  /** The request that publishes something with the value. */
  publish(value: string): Promise<Upload>;
  /** Reads that find what was published. */
  reads(value: string): readonly string[];
  /** Reads of things that were not published with it. */
  others?(value: string): readonly string[];
  /** Changes of what was published, with the value in their address; the last ones delete it. */
  changes?(value: string): readonly Change[];
}

/** A request that changes what is published. */
export interface Change {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** The status if there is nothing to change because the value is too long; 404 if absent. */
  readonly tooLong?: number;
}

/** What a publisher could put into an index so that clients refuse to read it. */
export interface Poison {
  /** The request that publishes such a version. */
  publish(name: string, version: string): Promise<Upload>;
  /** Whether the version or its file has the metadata that makes clients stop. */
  readonly of: 'version' | 'file';
  /** Changes stored metadata into such metadata. */
  change(metadata: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** What the fleet tests need of a format to test the behaviour that all formats share. Paths follow the prefix. */
export interface Sample {
  readonly id: string;
  /** The format's descriptor, where the catalog does not have it. */
  readonly format?: Format;
  /**
   * The request that publishes version `version` of package `name`, and the bytes of its file. Another `content` gives
   * other bytes.
   */
  publish(name: string, version: string, content?: string): Promise<Upload>;
  /** Everything in the format's addresses that has a maximum length. */
  readonly parameters: readonly Parameter[];
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
  /** Absent for formats whose indexes show nothing that clients parse, apart from names and versions. */
  readonly poison?: Poison;
  /** A document of an index over all packages of a project, for formats that have one. */
  readonly repositoryIndex?: string;
  /** A request that deletes the version, for formats whose clients can. */
  delete?(name: string, version: string): { readonly method: string; readonly path: string };
  /** A request that sets a tag to the version, for formats whose clients can. */
  tag?(name: string, version: string): Change;
  /** How many sequential table calls a publish may make; four if absent. */
  readonly publishTrips?: number;
  /** The status of publishing a version again with other bytes, if that is rejected; absent if it is allowed. */
  readonly duplicate?: number;
  /** The status for a package that an anonymous caller cannot find at instance level. */
  readonly anonymousMissing: 401 | 404;
}
