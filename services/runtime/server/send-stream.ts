import type { ServerResponse } from 'node:http';
import type { StreamedReply } from '../../http/answer/reply.ts';
import { type SendMemory, sendMemory } from './send-memory.ts';

/** Reads the next bytes of a body; undefined at its end. */
interface BodyReader {
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Returns a buffer to the reader for reuse. */
  done(bytes: Uint8Array<ArrayBuffer>): void;
  /** Stops reading. */
  end(): Promise<void>;
}

/** The memory of all responses of this process. */
const shared = sendMemory();

/**
 * Sends a streamed response. The next bytes are read while the previous ones are written, using the same two
 * buffers if the stream supports reading into buffers. If the body fails, the connection is closed; if the client
 * disconnects, the rest of the body is not read.
 */
export async function sendStream(
  response: StreamedReply,
  outgoing: ServerResponse,
  memory: SendMemory = shared,
): Promise<void> {
  const { status, headers, body } = response;
  // The close event is not repeated for a closed connection, and writes to it appear to succeed.
  if (outgoing.destroyed) return void (await body?.cancel().catch(() => {}));
  outgoing.writeHead(status, Object.fromEntries(headers));
  if (!body) return void outgoing.end();
  const reader = bodyReader(body, Number(headers.get('content-length') ?? Number.NaN), memory);
  const gone = new Promise<void>((resolve) => outgoing.once('close', resolve));
  try {
    await Promise.race([gone, sendAll(reader, outgoing)]);
    outgoing.end();
  } catch (error) {
    response.broken(error);
    outgoing.destroy();
  } finally {
    await reader.end().catch(() => {});
  }
}

async function sendAll(reader: BodyReader, outgoing: ServerResponse): Promise<void> {
  for (let bytes = await reader.next(); bytes && !outgoing.destroyed; ) {
    const written = bytes;
    const writing = write(outgoing, bytes).then(() => reader.done(written));
    [bytes] = await Promise.all([reader.next(), writing]);
  }
}

/**
 * Resolves when the bytes are no longer needed: the operating system has taken them, or the client has
 * disconnected.
 */
function write(outgoing: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    outgoing.write(bytes, () => resolve());
  });
}

function bodyReader(stream: ReadableStream<Uint8Array>, length: number, memory: SendMemory): BodyReader {
  const reader = byobReader(stream);
  if (!reader) return plainReader(stream);
  const size = memory.take(length);
  const free = [new Uint8Array(size), new Uint8Array(size)];
  return {
    async next() {
      const { done, value } = await reader.read(free.pop() ?? new Uint8Array(size));
      return done ? undefined : value;
    },
    done: (bytes) => void free.push(new Uint8Array(bytes.buffer)),
    async end() {
      memory.release(size);
      await reader.cancel();
    },
  };
}

/**
 * A reader that reads into given buffers. Undefined if the stream does not support it, which only trying reveals.
 */
function byobReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
}

function plainReader(stream: ReadableStream<Uint8Array>): BodyReader {
  const reader = (stream as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  return {
    next: async () => (await reader.read()).value,
    done() {},
    end: () => reader.cancel(),
  };
}
