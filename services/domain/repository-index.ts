/**
 * Indexes over all packages of a project, as Debian, RPM, Alpine, Helm, Conda and CRAN have them. A format says what
 * stands in such an index; the core keeps the parts, renders when something has changed, and has the result signed.
 */
import type { Digests } from './digests.ts';
import type { PackageFile, Version } from './packages.ts';

/** Names a place in an index. */
export interface StanzaPlace {
  /** Which index of the project: a Debian distribution, a Helm channel, an RPM group. Formats with one use ''. */
  readonly index: string;
  /** The part of the index that is rendered by itself, such as `main/amd64`. */
  readonly partition: string;
  /** Stanzas are rendered in the order of their keys. Of two files with one key the newer one counts. */
  readonly key: string;
}

/** What an index says of one file, in whatever text its renderer understands. */
export interface Stanza extends StanzaPlace {
  readonly text: string;
}

/** A stanza as a renderer gets it. */
export interface StoredStanza {
  readonly key: string;
  readonly text: string;
  /** The project whose file it is; indexes of groups have stanzas of several. */
  readonly projectId: number;
}

/** What a format has been told about an index, such as the architectures of a distribution. JSON. */
export type IndexSettings = { readonly [name: string]: string | number | boolean | readonly string[] };

/** A part of an index and the partitions whose stanzas it shows, merged in the order of their keys. */
export interface IndexPart {
  readonly partition: string;
  readonly shows: readonly string[];
}

/** A compressed twin of a document, under the document's name with a suffix. */
export interface IndexEncoding {
  readonly suffix: string;
  readonly contentType: string;
  encode(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** A document that rendering a partition makes. */
export interface DocumentPlan {
  /** The path below the index by which clients ask for it. Unique in the index. */
  readonly name: string;
  readonly contentType: string;
  readonly encodings?: readonly IndexEncoding[];
  /** Only the release is made from it; clients do not get it. */
  readonly internal?: boolean;
  /** Further names made from the digests. They stay for some hours after the document has been replaced. */
  readonly aliases?: (document: { readonly name: string; readonly digests: Digests }) => readonly string[];
}

/** A piece of a document, in order. */
export interface DocumentPiece {
  readonly document: string;
  readonly text: string;
}

/** A document that is stored. */
export interface IndexDocument {
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly digests: Digests;
  readonly internal?: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A part that is rendered. */
export interface RenderedPart {
  readonly partition: string;
  /** How many stanzas it shows. */
  readonly count: number;
  readonly documents: readonly IndexDocument[];
}

/** A document made from others. A small one may be bytes, a large one is streamed. */
export interface ReleaseDocument extends Omit<DocumentPlan, 'encodings'> {
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** Signs for the owner of an index. */
export interface IndexSigner {
  /** The text in OpenPGP's cleartext framework, signed by every key in use. */
  clearSign(text: string): Promise<string>;
  /** An armored OpenPGP signature of the bytes by every key in use. */
  detachedSign(bytes: string | Uint8Array): Promise<string>;
  /** PKCS #1 v1.5 signatures of a digest, one by each RSA key in use, the newest first. */
  signDigest(
    hash: 'sha1' | 'sha256',
    digest: Uint8Array,
  ): Promise<readonly { readonly keyId: string; readonly signature: Uint8Array }[]>;
}

/** What a release is made from. */
export interface ReleaseInput {
  readonly settings: IndexSettings | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly parts: readonly RenderedPart[];
  /** The bytes of a document, as often as needed. */
  read(document: IndexDocument): AsyncIterable<Uint8Array>;
  readonly signer: IndexSigner;
}

/** A format's indexes over all packages of a project. All functions are pure. */
export interface RepositoryIndex {
  /** Counts up when the same stanzas would be rendered differently: stored indexes are then rendered anew. */
  readonly layout: number;
  /** After so many milliseconds the release is made again although nothing has changed, because it expires. */
  readonly refreshAfter?: number;
  /** What the indexes say of a file: at most 4 stanzas. */
  stanzas(version: Version, file: PackageFile): readonly Stanza[];
  /** The parts of an index; by default each partition that ever had a stanza shows its own. */
  parts?(partitions: readonly string[], settings: IndexSettings | undefined): readonly IndexPart[];
  /** The documents of a part. */
  documents(partition: string): readonly DocumentPlan[];
  /** The text of a part's documents, piece by piece, without holding on to the stanzas. */
  render(partition: string, stanzas: AsyncIterable<StoredStanza>): AsyncIterable<DocumentPiece>;
  /** The documents over all parts, each answered by what was stored of it, so that the next can be made from it. */
  release?(input: ReleaseInput): AsyncGenerator<ReleaseDocument, void, IndexDocument>;
}
