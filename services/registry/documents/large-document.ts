/** Documents of large indexes: each segment is encoded once, and again only when it changes. */
import { type GzipPart, gzipPart, joinGzipParts } from '../../shared/gzip-parts.ts';
import { contentDigest, type Document, wholeDocument } from './document-cache.ts';
import { BASE, FRAGMENTS, type IndexKind } from './document-kind.ts';
import { leftOut } from './render-index.ts';
import type { SegmentedIndex } from './segmented-index.ts';
import { mapInTurn, type Segment, segmentDigest, segmentText, textDigest } from './segments.ts';

/** Documents up to this many characters are kept as a whole. */
const SMALL = 64 * 1024;

/** A part of a document, reused until its text or segment changes. */
export interface Piece {
  /** Returns the text, with the address of the document. */
  text(): Promise<string>;
  bytes: Uint8Array | undefined;
  gzip: Promise<GzipPart> | undefined;
}

/** A document in pieces. */
export interface LargeDocument extends Document {
  readonly pieces: Pieces;
  /** The pieces that contain versions, in order: texts joined by the separator. */
  readonly versions: readonly Piece[];
}

/** The pieces of a document, by text or by the stamp of their segment. */
interface Pieces {
  readonly texts: ReadonlyMap<string, Piece>;
  readonly segments: ReadonlyMap<string, Piece>;
}

/** Returns whether a document is in pieces. */
export function isLarge(document: Document | undefined): document is LargeDocument {
  return document !== undefined && 'pieces' in document;
}

/** Assembles the document of an index for an address. Reuses the pieces of `before`. */
export async function assembled(
  index: SegmentedIndex,
  kind: IndexKind,
  base: string,
  before?: Document,
): Promise<Document> {
  const parts = await partsOf(index, kind);
  const keys = parts.map(({ key }) => key);
  const lengths = keys.map((key) => key.length);
  const length = lengths.reduce((sum, each) => sum + each, 0);
  const textOf = async (key: string | Segment) =>
    (typeof key === 'string' ? key : await segmentText(key, kind.separator)).replaceAll(BASE, () => base);
  if (length <= SMALL) {
    return wholeDocument(index.revision, Buffer.from((await mapInTurn(keys, textOf)).join('')));
  }
  const earlierPieces = isLarge(before) ? before.pieces : undefined;
  const pieces = { texts: new Map<string, Piece>(), segments: new Map<string, Piece>() };
  const inOrder = keys.map((key) => {
    const [known, id] = typeof key === 'string' ? [pieces.texts, key] : [pieces.segments, key.stamp];
    const earlier =
      typeof key === 'string' ? earlierPieces?.texts.get(key) : earlierPieces?.segments.get(key.stamp);
    const piece = known.get(id) ?? earlier ?? { text: () => textOf(key), bytes: undefined, gzip: undefined };
    known.set(id, piece);
    return piece;
  });
  const versions = inOrder.filter((_, position) => parts[position]?.versions);
  const digest = () => digestOf(keys, kind, base);
  return largeDocument({ revision: index.revision, length, inOrder, pieces, versions, digest });
}

/**
 * Returns a digest of the parts and the address. The same versions in other segments have another digest, which costs
 * a client one more transfer.
 */
async function digestOf(
  keys: readonly (string | Segment)[],
  { separator }: IndexKind,
  base: string,
): Promise<string> {
  const digests = await mapInTurn(keys, (key) =>
    typeof key === 'string' ? textDigest(key) : segmentDigest(key, separator),
  );
  return contentDigest([base, ...digests].join('\n'));
}

/** The source of a piece, and whether it contains versions. */
interface Part {
  readonly key: string | Segment;
  readonly versions: boolean;
}

/** Returns the sources of the pieces in order: segments, and the texts around and between them. */
async function partsOf(index: SegmentedIndex, { separator, maxLength }: IndexKind): Promise<Part[]> {
  let skip = maxLength === undefined ? 0 : countLeftOut(index.segments, maxLength);
  const versions: Part[] = [];
  for (const segment of index.segments) {
    const from = Math.min(skip, segment.entries.length);
    skip -= from;
    if (from === segment.entries.length) continue;
    if (versions.length > 0) versions.push({ key: separator, versions: false });
    versions.push({
      key: from === 0 ? segment : await segmentText(segment, separator, from),
      versions: true,
    });
  }
  const parts = index.parts.flatMap((part): Part[] =>
    part === FRAGMENTS ? versions : [{ key: part, versions: false }],
  );
  return parts.filter(({ key }) => key !== '');
}

/** Returns how many of the lowest versions must be left out to stay within `maxLength` characters. */
function countLeftOut(segments: readonly Segment[], maxLength: number): number {
  const total = segments.reduce((sum, { length }) => sum + length, 0);
  if (total <= maxLength) return 0;
  return leftOut(
    segments.flatMap(({ entries }) => entries.map(({ length }) => length)),
    maxLength,
  );
}

interface Parts extends Pick<LargeDocument, 'revision' | 'length' | 'pieces' | 'versions'> {
  readonly inOrder: readonly Piece[];
  digest(): Promise<string>;
}

function largeDocument({ revision, length, inOrder, pieces, versions, digest }: Parts): LargeDocument {
  let whole: Promise<Uint8Array> | undefined;
  let gzipped: Promise<Uint8Array> | undefined;
  let digested: Promise<string> | undefined;
  return {
    revision,
    // The uncompressed bytes are kept once they are requested.
    weight: length,
    length,
    pieces,
    versions,
    digest() {
      digested ??= digest();
      return digested;
    },
    identity() {
      whole ??= joinedBytes(inOrder);
      return whole;
    },
    gzip() {
      gzipped ??= mapInTurn(inOrder, gzipOf).then(joinGzipParts);
      return gzipped;
    },
  };
}

async function gzipOf(piece: Piece): Promise<GzipPart> {
  piece.gzip ??= piece.text().then((text) => gzipPart(Buffer.from(text)));
  return piece.gzip;
}

/** Joins all bytes in one buffer. The pieces then refer to it, so that nothing is in memory twice. */
async function joinedBytes(inOrder: readonly Piece[]): Promise<Uint8Array> {
  const parts = await mapInTurn(inOrder, async (piece) => piece.bytes ?? Buffer.from(await piece.text()));
  const joined = Buffer.concat(parts);
  let start = 0;
  for (const [index, piece] of inOrder.entries()) {
    const end = start + (parts[index]?.byteLength ?? 0);
    piece.bytes = joined.subarray(start, end);
    start = end;
  }
  return joined;
}
