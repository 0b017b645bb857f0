/** Digests as lowercase hex. Only this file creates `Digest` values, so unvalidated text can't be used as one. */
import { hash } from 'node:crypto';

/** The digests stored for every blob, and the number of their hex digits. */
const lengths = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;

/** A stored digest algorithm. */
export type DigestAlgorithm = keyof typeof lengths;
/** See `DigestAlgorithm`. */
export const digestAlgorithms = Object.keys(lengths) as readonly DigestAlgorithm[];

declare const algorithmOf: unique symbol;

/** A digest of one algorithm, as lowercase hex. */
export type Digest<A extends DigestAlgorithm> = string & { readonly [algorithmOf]: A };
/** See `Digest`. */
export type Sha1 = Digest<'sha1'>;
/** See `Digest`. */
export type Sha256 = Digest<'sha256'>;
/** See `Digest`. */
export type Sha512 = Digest<'sha512'>;

/** Digests of a blob. */
export type Digests = { readonly [A in DigestAlgorithm]: Digest<A> };

/** Digests of bytes that are not a file: always the SHA-256, others if clients use them. */
export type BlobDigests = Pick<Digests, 'sha256'> & Partial<Digests>;

declare const isContentDigest: unique symbol;

/** The digest that names content: `sha256:` or `sha512:` and lowercase hex. */
export type ContentDigest = string & { readonly [isContentDigest]: true };

/** The algorithms of content digests. */
export type ContentAlgorithm = 'sha256' | 'sha512';

/** Parses a content digest. Undefined if it is malformed, has upper-case digits or another algorithm. */
export function parseContentDigest(text: string): ContentDigest | undefined {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text) ? (text as ContentDigest) : undefined;
}

/** Returns a digest with the name of its algorithm in front. */
export function contentDigestOf<A extends ContentAlgorithm>(algorithm: A, digest: Digest<A>): ContentDigest {
  return `${algorithm}:${digest}` as ContentDigest;
}

/** The algorithm of a content digest. */
export function algorithmOfDigest(digest: ContentDigest): ContentAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** Parses a digest from hex in any case. Undefined if it is not a digest of this algorithm. */
export function parseDigest<A extends DigestAlgorithm>(algorithm: A, text: string): Digest<A> | undefined {
  const isDigest = text.length === lengths[algorithm] && /^[0-9a-fA-F]+$/.test(text);
  return isDigest ? (text.toLowerCase() as Digest<A>) : undefined;
}

/** See `parseDigest`. */
export const parseSha1 = (text: string): Sha1 | undefined => parseDigest('sha1', text);
/** See `parseDigest`. */
export const parseSha256 = (text: string): Sha256 | undefined => parseDigest('sha256', text);

/** All digests of bytes, or of text in UTF-8. */
export function digestsOf(content: string | Uint8Array): Digests {
  const of = <A extends DigestAlgorithm>(algorithm: A) =>
    digestFrom(algorithm, hash(algorithm, content, 'buffer'));
  return { md5: of('md5'), sha1: of('sha1'), sha256: of('sha256'), sha512: of('sha512') };
}

/** Converts the output of a hash function. @throws RangeError when it has the wrong length */
export function digestFrom<A extends DigestAlgorithm>(algorithm: A, bytes: Uint8Array): Digest<A> {
  if (bytes.byteLength * 2 !== lengths[algorithm]) throw new RangeError(`not a ${algorithm} digest`);
  return Buffer.from(bytes).toString('hex') as Digest<A>;
}
