/**
 * Indexes over all packages of a project, as in Debian, RPM, Alpine, Helm, Conda and CRAN. A format defines the
 * contents of such an index; the core stores the parts, renders them after changes, and has the result signed.
 */
import type { Digests } from './digests.ts';
import type { PackageFile, Version } from './packages.ts';

/** The position of a stanza in an index. */
export interface StanzaPosition {
  /**
   * The index of the project: a Debian distribution, a Helm channel, an RPM group. '' for formats with a single
   * index.
   */
  readonly index: string;
  /** The part of the index that is rendered separately, such as `main/amd64`. */
  readonly partition: string;
  /** Stanzas are rendered in the order of their keys. If two files have the same key, the newer one wins. */
  readonly key: string;
}

/** An index's text about one file, in a format that its renderer understands. */
export interface Stanza extends StanzaPosition {
  readonly text: string;
}

/** A stanza as passed to a renderer. */
export interface StoredStanza {
  readonly key: string;
  readonly text: string;
  /** The file's project; indexes of groups have stanzas of several. */
  readonly projectId: number;
}

/** A format's settings of an index, such as the architectures of a distribution. JSON. */
export type IndexSettings = { readonly [name: string]: string | number | boolean | readonly string[] };

/** A part of an index and the partitions whose stanzas it contains, merged in key order. */
export interface IndexPart {
  readonly partition: string;
  readonly shows: readonly string[];
}

/** A compressed variant of a document; its name is the document's with a suffix. */
export interface IndexEncoding {
  readonly suffix: string;
  readonly contentType: string;
  encode(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** A document produced by rendering a partition. */
export interface DocumentPlan {
  /** The path below the index at which clients request it. Unique in the index. */
  readonly name: string;
  readonly contentType: string;
  readonly encodings?: readonly IndexEncoding[];
  /** Only used to make the release; not served to clients. */
  readonly internal?: boolean;
  /**
   * Additional names derived from the digests. They remain valid for some hours after the document is replaced.
   */
  readonly aliases?: (document: { readonly name: string; readonly digests: Digests }) => readonly string[];
}

/** A piece of a document; pieces are in order. */
export interface DocumentPiece {
  readonly document: string;
  readonly text: string;
}

/** A stored document. */
export interface IndexDocument {
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly digests: Digests;
  readonly internal?: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A rendered part. */
export interface RenderedPart {
  readonly partition: string;
  /** The number of its stanzas. */
  readonly count: number;
  readonly documents: readonly IndexDocument[];
}

/** A document made from others. Small ones may be bytes, large ones are streamed. */
export interface ReleaseDocument extends Omit<DocumentPlan, 'encodings'> {
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** Signs with the keys of an index's owner. */
export interface IndexSigner {
  /** The text in OpenPGP's cleartext signature framework, signed with every active key. */
  clearSign(text: string): Promise<string>;
  /** An armored OpenPGP signature of the bytes with every active key. */
  detachedSign(bytes: string | Uint8Array): Promise<string>;
  /** PKCS #1 v1.5 signatures of a digest, one per active RSA key, newest first. */
  signDigest(
    hash: 'sha1' | 'sha256',
    digest: Uint8Array,
  ): Promise<readonly { readonly keyId: string; readonly signature: Uint8Array }[]>;
}

/** The input of a release. */
export interface ReleaseInput {
  readonly settings: IndexSettings | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly parts: readonly RenderedPart[];
  /** Reads the bytes of a document; can be called repeatedly. */
  read(document: IndexDocument): AsyncIterable<Uint8Array>;
  readonly signer: IndexSigner;
}

/** A format's index over all packages of a project. All functions are pure. */
export interface RepositoryIndex {
  /**
   * A version number, increased when the same stanzas would be rendered differently: stored indexes are then
   * rerendered.
   */
  readonly layout: number;
  /** The age, in milliseconds, after which an unchanged release is made again because it would expire. */
  readonly refreshAfter?: number;
  /** The stanzas of a file: at most 4. */
  stanzas(version: Version, file: PackageFile): readonly Stanza[];
  /** The parts of an index. By default each partition that ever had a stanza is a part with its own stanzas. */
  parts?(partitions: readonly string[], settings: IndexSettings | undefined): readonly IndexPart[];
  /** The documents of a part. */
  documents(partition: string): readonly DocumentPlan[];
  /** Renders a part's documents piece by piece, without holding all stanzas in memory. */
  render(partition: string, stanzas: AsyncIterable<StoredStanza>): AsyncIterable<DocumentPiece>;
  /**
   * Yields the documents over all parts. Each `yield` returns the stored document, from which the next can be
   * made.
   */
  release?(input: ReleaseInput): AsyncGenerator<ReleaseDocument, void, IndexDocument>;
}
