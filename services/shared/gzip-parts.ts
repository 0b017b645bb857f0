/** Compresses parts of a gzip stream separately and joins them without recompression (RFC 1951, RFC 1952). */
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';

const toDeflate = promisify(deflateRaw);

/** A compressed part: complete deflate blocks that end on a byte boundary, none of them the last of a stream. */
export interface GzipPart {
  readonly bytes: Uint8Array;
  /** CRC-32 and size of the uncompressed bytes. */
  readonly crc: number;
  readonly size: number;
}

/** Magic number, deflate, no flags, no time, no hints, unknown system. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/** An empty last block of a stream. */
const LAST_BLOCK = Uint8Array.of(3, 0);

/** CRC-32's polynomial, bit-reversed. */
const POLYNOMIAL = 0xedb88320;

/** Compresses a part. */
export async function gzipPart(bytes: Uint8Array): Promise<GzipPart> {
  const deflated = await toDeflate(bytes, { level: 6, finishFlush: constants.Z_SYNC_FLUSH });
  return { bytes: new Uint8Array(deflated), crc: crc32(bytes), size: bytes.byteLength };
}

/** Joins all parts, in order, to a gzip stream. */
export function joinGzipParts(parts: readonly GzipPart[]): Uint8Array {
  const trailer = Buffer.alloc(8);
  let crc = 0;
  let size = 0;
  for (const part of parts) {
    crc = joinedCrc(crc, part);
    size += part.size;
  }
  trailer.writeUInt32LE(crc);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return Buffer.concat([HEADER, ...parts.map(({ bytes }) => bytes), LAST_BLOCK, trailer]);
}

/**
 * The CRC-32 of bytes followed by a part: their CRC shifted by the length of the part, combined with the part's.
 */
function joinedCrc(previous: number, { crc, size }: GzipPart): number {
  return (product(powerOfX(size * 8), previous) ^ crc) >>> 0;
}

/** The powers x^(2^n), whose products are all other powers. */
const squares: number[] = [0x40000000];
for (let n = 1; n < 64; n++) squares.push(product(squares[n - 1] ?? 0, squares[n - 1] ?? 0));

function powerOfX(exponent: number): number {
  let power = 0x80000000;
  for (let rest = exponent, n = 0; rest > 0; rest = Math.floor(rest / 2), n++) {
    if (rest % 2 === 1) power = product(squares[n] ?? 0, power);
  }
  return power;
}

/** The product of two polynomials modulo CRC-32's; the high bits are the coefficients of low powers. */
function product(a: number, b: number): number {
  let result = 0;
  let factor = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if (a & bit) result ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return result >>> 0;
}
