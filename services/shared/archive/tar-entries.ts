import { pipeline } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** An archive is damaged or exceeds a limit; the message says which. */
export class UnreadableArchive extends Error {
  override readonly name = 'UnreadableArchive';
}

/** Limits on reading an archive. */
export interface ArchiveLimits {
  /** The maximum number of entries, including directories and links. */
  readonly entries: number;
  /** The maximum size after decompression, in bytes. */
  readonly unpacked: number;
  /** The maximum compression ratio, checked once more than `RATIO_FROM` bytes are unpacked. */
  readonly ratio: number;
}

/** Up to this many unpacked bytes no ratio is suspicious: text and zeros compress well. */
export const RATIO_FROM = 64 * 1024 * 1024;

/** The decompression chunk size, in bytes: each chunk is a round trip to another thread. */
const CHUNK = 64 * 1024;

/** An entry of a tar archive, in archive order. Read it before requesting the next one, or not at all. */
export interface TarEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'other';
  /** The size of a file in bytes; 0 for other entries. */
  readonly size: number;
  /** The first bytes of the entry, at most `limit`. */
  head(limit: number): Promise<Buffer>;
}

/**
 * Reads the entries of a gzipped tar archive as a stream, without holding it in memory.
 * @throws UnreadableArchive
 */
export async function* tarEntries(
  body: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
): AsyncGenerator<TarEntry> {
  const unpack = extract();
  const reading = pipeline(body, decompression(limits), unpack);
  reading.catch(() => {});
  let entries = 0;
  try {
    for await (const entry of unpack) {
      if (++entries > limits.entries) {
        throw new UnreadableArchive(`it has more than ${limits.entries} entries`);
      }
      const { name, type, size = 0 } = entry.header;
      const isFile = type === 'file' || type === 'contiguous-file';
      yield {
        path: name,
        type: isFile ? 'file' : type === 'directory' ? 'directory' : 'other',
        size: isFile ? size : 0,
        head: (limit) => headOf(entry as AsyncIterable<Uint8Array>, limit),
      };
      entry.resume();
    }
    await reading;
  } catch (error) {
    throw asUnreadable(error);
  } finally {
    unpack.destroy();
  }
}

/** Decompresses, and fails when the output exceeds the limits. */
function decompression({ unpacked, ratio }: ArchiveLimits): Gunzip {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  let plain = 0;
  gunzip.on('data', (chunk: Uint8Array) => {
    plain += chunk.byteLength;
    if (plain > unpacked) {
      gunzip.destroy(new UnreadableArchive(`it unpacks to more than ${unpacked} bytes`));
    } else if (plain > RATIO_FROM && plain > gunzip.bytesWritten * ratio) {
      gunzip.destroy(new UnreadableArchive(`it unpacks to more than ${ratio} times its size`));
    }
  });
  return gunzip;
}

async function headOf(entry: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of entry) {
      if (size < limit) parts.push(chunk);
      size += chunk.byteLength;
    }
  } catch (error) {
    throw asUnreadable(error);
  }
  return Buffer.concat(parts).subarray(0, limit);
}

function asUnreadable(error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (error instanceof UnreadableArchive || !message) return error;
  if (code?.startsWith('Z_')) return new UnreadableArchive(`it is not whole gzip data (${message})`);
  if (/tar header|Invalid header|Header exceeds|Unexpected end of data|format/i.test(message)) {
    return new UnreadableArchive(`it is not a whole tar archive (${message})`);
  }
  return error;
}
