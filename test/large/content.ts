import { createHash, type Hash, randomBytes } from 'node:crypto';

/** Bytes that differ from file to file and from place to place, made as they are needed. */
export interface Content {
  readonly size: number;
  /** The bytes from `start`, at most `length` of them. */
  bytesAt(start: number, length: number): Buffer;
  /** All bytes in pieces, each of which is added to `digests`. */
  pieces(digests?: Digests): Generator<Buffer>;
}

const PIECE = 1024 * 1024;

/** New content of `size` bytes: random blocks of 1 MiB that start with their number. */
export function contentOf(size: number): Content {
  const random = randomBytes(PIECE);
  function piece(number: number): Buffer {
    const bytes = Buffer.from(random);
    bytes.writeUInt32BE(number);
    return bytes.subarray(0, size - number * PIECE);
  }
  return {
    size,
    bytesAt(start, length) {
      const first = Math.floor(start / PIECE);
      const end = Math.min(start + length, size);
      const count = Math.ceil(end / PIECE) - first;
      const all = Buffer.concat(Array.from({ length: count }, (_, index) => piece(first + index)));
      return all.subarray(start - first * PIECE, end - first * PIECE);
    },
    *pieces(digests) {
      for (let number = 0; number * PIECE < size; number++) {
        const bytes = piece(number);
        digests?.update(bytes);
        yield bytes;
      }
    },
  };
}

/** The digests of a file that GitLab's API reports, computed while its bytes pass. */
export class Digests {
  readonly #hashes: readonly Hash[] = ['md5', 'sha1', 'sha256'].map((name) => createHash(name));

  update(bytes: Uint8Array): void {
    for (const hash of this.#hashes) hash.update(bytes);
  }

  /** The digests by their names in the API. Nothing can be added afterwards. */
  end() {
    const [file_md5, file_sha1, file_sha256] = this.#hashes.map((hash) => hash.digest('hex'));
    return { file_md5, file_sha1, file_sha256 };
  }
}
