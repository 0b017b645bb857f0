import { Readable } from 'node:stream';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { UnreadableArchive } from './tar-entries.ts';

/** Bytes with random access, such as a stored blob. */
export interface RandomAccess {
  readonly size: number;
  /** The bytes from `start` (inclusive) to `end` (exclusive). */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** An entry of a zip archive, according to its central directory. */
export interface ZipEntry {
  readonly path: string;
  /** The unpacked size in bytes, as the archive says; reading checks it. */
  readonly size: number;
  /** Reads the whole entry. @throws UnreadableArchive when it has more than `limit` bytes */
  bytes(limit: number): Promise<Buffer>;
}

/** How many bytes to read at once. In most packages a single block contains the directory and small entries. */
const BLOCK = 256 * 1024;

/**
 * The files of a zip archive, in the order of its central directory, which every installer uses. Reads only the
 * directory and the requested entries. Read an entry before requesting the next one, or not at all.
 * @throws UnreadableArchive when the archive is damaged, has paths that lead out of it, or more entries than
 *   allowed
 */
export async function* zipEntries(
  source: RandomAccess,
  limits: { readonly entries: number },
): AsyncGenerator<ZipEntry> {
  const zip = await open(source);
  try {
    if (zip.entryCount > limits.entries) {
      throw new UnreadableArchive(`it has more than ${limits.entries} entries`);
    }
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      yield {
        path: entry.fileName,
        size: entry.uncompressedSize,
        bytes: (limit) => bytesOf(zip, entry, limit),
      };
    }
  } catch (error) {
    throw asUnreadable(error);
  } finally {
    zip.close();
  }
}

async function open(source: RandomAccess): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true } as const;
  try {
    return await fromRandomAccessReaderPromise(new BlockReader(source), source.size, options);
  } catch (error) {
    throw asUnreadable(error);
  }
}

async function bytesOf(zip: ZipFile, entry: Entry, limit: number): Promise<Buffer> {
  const tooLarge = () => new UnreadableArchive(`${entry.fileName} has more than ${limit} bytes`);
  if (entry.uncompressedSize > limit) throw tooLarge();
  if (entry.isEncrypted()) throw new UnreadableArchive(`${entry.fileName} is encrypted`);
  try {
    const stream = await zip.openReadStreamPromise(entry);
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      size += (chunk as Buffer).byteLength;
      if (size > limit) throw tooLarge();
      parts.push(chunk as Buffer);
    }
    return Buffer.concat(parts);
  } catch (error) {
    throw asUnreadable(error);
  }
}

/** Reads blocks of the source and caches the last few, since the directory is read in many small steps. */
class BlockReader extends RandomAccessReader {
  readonly #source: RandomAccess;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  constructor(source: RandomAccess) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#parts(start, end), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#fill(buffer.subarray(offset, offset + length), position).then(
      () => callback(null),
      (error: Error) => callback(error),
    );
  }

  async #fill(target: Buffer, position: number): Promise<void> {
    let filled = 0;
    for await (const part of this.#parts(position, position + target.byteLength)) {
      target.set(part, filled);
      filled += part.byteLength;
    }
    if (filled < target.byteLength) throw new UnreadableArchive('it ends early');
  }

  async *#parts(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < Math.min(end, this.#source.size); ) {
      const first = Math.floor(at / BLOCK) * BLOCK;
      const part = (await this.#block(first)).subarray(at - first, end - first);
      if (part.byteLength === 0) return;
      yield part;
      at += part.byteLength;
    }
  }

  #block(first: number): Promise<Uint8Array> {
    let block = this.#blocks.get(first);
    if (!block) {
      block = this.#source.read(first, Math.min(first + BLOCK, this.#source.size));
      this.#blocks.set(first, block);
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size > 4 && oldest !== undefined) this.#blocks.delete(oldest);
    }
    return block;
  }
}

/** Passes on errors of the store unchanged, and converts all errors about the zip or its compressed data. */
function asUnreadable(error: unknown): unknown {
  const { code, message, name } = (error ?? {}) as { code?: string; message?: string; name?: string };
  if (error instanceof UnreadableArchive || !message) return error;
  if (code?.startsWith('Z_')) return new UnreadableArchive(`its compressed data is damaged (${message})`);
  return name === 'Error' && code === undefined
    ? new UnreadableArchive(`it is not a whole zip archive (${message})`)
    : error;
}
