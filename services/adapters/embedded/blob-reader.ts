import { type FileHandle, open } from 'node:fs/promises';
import type { ReadMemory } from './read-memory.ts';

/** The `length` bytes of the file from `start`, read hardly faster than they are taken. Closes the file. */
export function readBody(
  file: FileHandle,
  { start, length, memory }: { start: number; length: number; memory: ReadMemory },
): ReadableStream<Uint8Array> {
  const pieces = piecesOf(file, { start, length, memory });
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const piece = await pieces.next();
          if (piece) controller.enqueue(piece);
          else controller.close();
        } catch (error) {
          await pieces.end();
          controller.error(error);
        }
      },
      cancel: () => pieces.end(),
    },
    // What is read ahead is in the account of the memory, where a queue would not be.
    { highWaterMark: 0 },
  );
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

/** The pieces of a file one after the other; whoever asks for the next is done with the one before. */
function piecesOf(file: FileHandle, range: { start: number; length: number; memory: ReadMemory }) {
  const { start, length, memory } = range;
  const end = start + length;
  let at = start;
  let held = 0;
  let current = 0;
  let ahead: Promise<Uint8Array> | undefined;
  let ended = false;

  function read(): Promise<Uint8Array> {
    const size = memory.take(end - at);
    const piece = readPiece(file, at, size);
    piece.catch(() => {}); // told when it is asked for
    held += size;
    at += size;
    return piece;
  }

  function giveBack(bytes: number): void {
    memory.giveBack(bytes);
    held -= bytes;
  }

  return {
    /** The next piece; undefined at the end. */
    async next(): Promise<Uint8Array | undefined> {
      giveBack(current);
      current = 0;
      const reading = ahead ?? (at < end && !ended ? read() : undefined);
      ahead = undefined;
      if (!reading) return void (await this.end());
      const piece = await reading;
      if (ended) return undefined;
      current = piece.byteLength;
      if (at === end) await file.close();
      else if (memory.isPlenty()) ahead = read();
      return piece;
    },
    /** Closes the file and gives the memory back, however far it was read. */
    async end(): Promise<void> {
      ended = true;
      giveBack(held);
      current = 0;
      await file.close();
    },
  };
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
