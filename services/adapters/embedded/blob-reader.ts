import { type FileHandle, open } from 'node:fs/promises';

/** Reads of at most this many bytes are made in one go; longer ones in pieces of it, for readers that bring no memory. */
const PIECE = 64 * 1024;

/** The `length` bytes of the file from `start`, read no faster than they are taken. Closes the file. */
export async function readBody(
  file: FileHandle,
  start: number,
  length: number,
): Promise<ReadableStream<Uint8Array>> {
  if (length > PIECE) return streamPieces(file, start, length);
  const bytes = new Uint8Array(length);
  await fill(file, bytes, start).finally(() => file.close());
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

/**
 * A byte stream: it reads into the memory that its reader brings along (a BYOB reader), so that a file of any size
 * passes through little of it. For other readers it makes pieces.
 */
function streamPieces(file: FileHandle, start: number, length: number): ReadableStream<Uint8Array> {
  let at = start;
  const end = start + length;
  return new ReadableStream({
    type: 'bytes',
    autoAllocateChunkSize: PIECE,
    async pull(controller) {
      try {
        const request = controller.byobRequest;
        if (!request?.view) throw new Error('a byte stream was pulled with no memory to read into');
        const { buffer, byteOffset, byteLength } = request.view;
        const bytes = new Uint8Array(buffer, byteOffset, Math.min(byteLength, end - at));
        await fill(file, bytes, at);
        at += bytes.byteLength;
        request.respond(bytes.byteLength);
        if (at < end) return;
      } catch (error) {
        controller.error(error);
      }
      await file.close();
      if (at < end) return;
      controller.close();
      controller.byobRequest?.respond(0); // answers the reader that came meanwhile
    },
    cancel: () => file.close(),
  });
}

/** Fills the memory with the bytes of the file from `start`. */
async function fill(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.byteLength - at, start + at);
    if (bytesRead === 0) throw new Error('the file of a blob is shorter than it was');
    at += bytesRead;
  }
}
