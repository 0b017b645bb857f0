import { pipeline } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** Thrown when an archive is damaged or breaks a limit; the message says which. */
export class UnreadableArchive extends Error {
  override readonly name = 'UnreadableArchive';
}

/** What an archive may cost whoever reads it. */
export interface ArchiveLimits {
  /** The most entries, directories and links among them. */
  readonly entries: number;
  /** The most bytes when decompressed. */
  readonly unpacked: number;
  /** How many bytes one compressed byte may become, judged once more than `RATIO_FROM` bytes are unpacked. */
  readonly ratio: number;
}

/** Below this many unpacked bytes no ratio is suspicious: text and zeros do compress well. */
export const RATIO_FROM = 64 * 1024 * 1024;

/** Bytes that are unpacked in one go: each go is a trip to another thread and back. */
const PIECE = 64 * 1024;

/** An entry of a tar archive, in the order of the archive. Read it before asking for the next one, or not at all. */
export interface TarEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'other';
  /** Bytes of a file; 0 for everything else. */
  readonly size: number;
  /** The first bytes of the entry, at most `limit`. */
  head(limit: number): Promise<Buffer>;
}

/**
 * The entries of a gzipped tar archive, read as it comes in and never held whole.
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

/** Decompresses, and stops when more comes out than is allowed. */
function decompression({ unpacked, ratio }: ArchiveLimits): Gunzip {
  const gunzip = createGunzip({ chunkSize: PIECE });
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
