import { Readable } from 'node:stream';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { UnreadableArchive } from './tar-entries.ts';

/** Bytes of which any part can be read, such as a stored blob. */
export interface RandomAccess {
  readonly size: number;
  /** The bytes from `start` up to `end`, which is not among them. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** An entry of a zip archive, as its central directory tells of it. */
export interface ZipEntry {
  readonly path: string;
  /** Bytes when unpacked, as the archive says; reading finds out when that is not so. */
  readonly size: number;
  /** All bytes of the entry. @throws UnreadableArchive when there are more than `limit`. */
  bytes(limit: number): Promise<Buffer>;
}

/** What is read of the archive at a time: the directory and small entries of most packages are in one such block. */
const BLOCK = 256 * 1024;

/**
 * The files of a zip archive, in the order of its central directory, by which every installer goes. Only the directory
 * and the entries that are asked for are read. Read an entry before asking for the next one, or not at all.
 * @throws UnreadableArchive when the archive is damaged, has names that lead out of it, or more than `limit` entries.
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

/** Reads blocks of the source and keeps the last few, since the directory is read in many small steps. */
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

/** Errors of the store pass as they are; whatever the zip or its compressed data is accused of becomes one kind. */
function asUnreadable(error: unknown): unknown {
  const { code, message, name } = (error ?? {}) as { code?: string; message?: string; name?: string };
  if (error instanceof UnreadableArchive || !message) return error;
  if (code?.startsWith('Z_')) return new UnreadableArchive(`its compressed data is damaged (${message})`);
  return name === 'Error' && code === undefined
    ? new UnreadableArchive(`it is not a whole zip archive (${message})`)
    : error;
}
