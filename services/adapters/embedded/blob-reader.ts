import { type FileHandle, open } from 'node:fs/promises';

/**
 * Up to this many bytes are read at once; more are read in chunks of this size, for readers without their own
 * buffer.
 */
const CHUNK = 64 * 1024;

/** Streams `length` bytes of the file from `start`, no faster than they are consumed. Closes the file. */
export async function readBody(
  file: FileHandle,
  start: number,
  length: number,
): Promise<ReadableStream<Uint8Array>> {
  if (length > CHUNK) return streamChunks(file, start, length);
  const bytes = new Uint8Array(length);
  await fill(file, bytes, start).finally(() => file.close());
  return new ReadableStream({
    start(controller) {
      if (length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Opens a file for reading. Returns undefined if it does not exist. */
export async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether the error means that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/**
 * A byte stream that reads into the buffer of its reader (a BYOB reader), so that a file of any size needs little
 * memory. For other readers it allocates chunks.
 */
function streamChunks(file: FileHandle, start: number, length: number): ReadableStream<Uint8Array> {
  let at = start;
  const end = start + length;
  return new ReadableStream({
    type: 'bytes',
    autoAllocateChunkSize: CHUNK,
    async pull(controller) {
      try {
        const request = controller.byobRequest;
        if (!request?.view) throw new Error('a byte stream was pulled without a buffer');
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
      controller.byobRequest?.respond(0); // settles a read that started in the meantime
    },
    cancel: () => file.close(),
  });
}

/** Fills the buffer with bytes of the file from `start`. */
async function fill(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.byteLength - at, start + at);
    if (bytesRead === 0) throw new Error('the file of a blob has become shorter');
    at += bytesRead;
  }
}
