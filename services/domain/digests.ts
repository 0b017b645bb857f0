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
