import { type FileHandle, open } from 'node:fs/promises';

/** Reads of at most this many bytes are made in one go; longer ones in pieces of it. */
const PIECE = 256 * 1024;

/** The `length` bytes of the file from `start`, read no faster than they are taken. Closes the file. */
export async function readBody(
  file: FileHandle,
  start: number,
  length: number,
): Promise<ReadableStream<Uint8Array>> {
  if (length > PIECE) return streamPieces(file, start, length);
  const bytes = await readPiece(file, start, length).finally(() => file.close());
  return new ReadableStream({
    start(controller) {
      if (length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Opens a file to read, or answers undefined when there is none. */
export async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether the error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function streamPieces(file: FileHandle, start: number, length: number): ReadableStream<Uint8Array> {
  let at = start;
  const end = start + length;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const bytes = await readPiece(file, at, Math.min(PIECE, end - at));
          at += bytes.byteLength;
          controller.enqueue(bytes);
          if (at < end) return;
        } catch (error) {
          controller.error(error);
        }
        await file.close();
        if (at === end) controller.close();
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 1 },
  );
}

async function readPiece(file: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, start + at);
    if (bytesRead === 0) throw new Error('the file of a blob is shorter than it was');
    at += bytesRead;
  }
  return bytes;
}
