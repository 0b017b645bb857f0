import type { ServerResponse } from 'node:http';
import type { StreamedReply } from '../../http/answer/reply.ts';
import { type SendMemory, sendMemory } from './send-memory.ts';

/** Reads the next bytes of a body; undefined at its end. */
interface BodyReader {
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Gives memory back that the reader handed out and nobody needs any more. */
  done(bytes: Uint8Array<ArrayBuffer>): void;
  /** Wants no more bytes. */
  end(): Promise<void>;
}

/** The memory of all answers of this process. */
const shared = sendMemory();

/**
 * Sends an answer whose body is a stream: the next bytes are read while those before are written, all in the same two
 * pieces of memory where the stream reads into what it is given. A body that fails ends the connection; what is left of
 * a body whose client goes away is not read.
 */
export async function sendStream(
  response: StreamedReply,
  outgoing: ServerResponse,
  memory: SendMemory = shared,
): Promise<void> {
  const { status, headers, body } = response;
  // Nobody tells of the end of a connection a second time, and what is written to it seems to succeed.
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

/** Resolves when the bytes are no longer needed: the operating system has them, or the client is gone. */
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
      memory.giveBack(size);
      await reader.cancel();
    },
  };
}

/** A reader that brings memory along; undefined when the stream takes none, which only trying tells. */
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
