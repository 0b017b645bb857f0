import { badRequest, RegistryError, tooLarge } from '../../domain/errors.ts';
import type { Call } from '../call.ts';

/** The part of a handler's context needed to read a body, for formats and for the management API. */
export interface BodyContext {
  readonly req: { readonly raw: Request };
  readonly env: Call;
}

/** The size limit of a body, with a hint for the error message. */
export interface BodyLimit {
  readonly bytes: number;
  readonly hint: string;
  /** The limit stated in the error message, if it is the limit of a file in the body rather than of the body. */
  readonly statedBytes?: number;
}

/**
 * A client must send at least this many bytes within each timeout (`bodyIdleTimeout`), however slow its connection.
 */
const MIN_BYTES = 16 * 1024;

/**
 * Streams the request's body. A body whose announced length is over the limit is refused before it is read;
 * without an announced length, it is refused as soon as it exceeds the limit.
 * @throws RegistryError when the body is too large, stalls or is cut off
 */
export async function* requestBody(c: BodyContext, limit: BodyLimit): AsyncGenerator<Uint8Array> {
  const { headers } = c.req.raw;
  const announced = Number(headers.get('content-length') ?? 0);
  if (announced > limit.bytes) throw limitExceeded(limit);
  const source = openBody(c);
  if (!source) return;
  let size = 0;
  try {
    for await (const chunk of readChunks(source, c.env.registry.settings.bodyIdleTimeout)) {
      size += chunk.byteLength;
      c.env.trace.received = size;
      if (size > limit.bytes) throw limitExceeded(limit);
      yield chunk;
    }
  } catch (error) {
    if (isAborted(error)) throw badRequest('The upload ended early');
    throw error;
  } finally {
    // Not awaited: if the client has stalled, this only finishes when the connection closes.
    source.stop().catch(() => {});
  }
}

/** Reads a small body completely. @throws RegistryError like `requestBody` */
export async function readBody(c: BodyContext, limit: BodyLimit): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of requestBody(c, limit)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A stream of chunks that can be stopped even while a chunk is awaited. */
interface ChunkStream {
  /** Reads the next chunk; `value` is undefined at the end. */
  next(): Promise<{ readonly value?: Uint8Array | undefined }>;
  stop(): Promise<unknown>;
}

function openBody({ env, req }: BodyContext): ChunkStream | undefined {
  const chunks = env.body?.()[Symbol.asyncIterator]();
  if (chunks) return { next: () => chunks.next(), stop: async () => chunks.return?.() };
  const reader = req.raw.body?.getReader();
  return reader && { next: () => reader.read(), stop: () => reader.cancel() };
}

function limitExceeded({ bytes, hint, statedBytes = bytes }: BodyLimit): RegistryError {
  return tooLarge(statedBytes, hint);
}

/** Reads the chunks of a body. Only the time spent waiting for the client counts towards the timeout. */
async function* readChunks(source: ChunkStream, timeout: number): AsyncGenerator<Uint8Array> {
  let waited = 0;
  let received = 0;
  for (;;) {
    const start = performance.now();
    const { value } = await within(timeout - waited, source.next(), () => stalled(timeout));
    if (!value) return;
    waited += performance.now() - start;
    received += value.byteLength;
    if (received >= MIN_BYTES) {
      waited = 0;
      received = 0;
    }
    yield value;
  }
}

function within<T>(timeout: number, promise: Promise<T>, timeoutError: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timeoutError()), timeout);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function stalled(timeout: number): RegistryError {
  return new RegistryError(
    'uploadStalled',
    `The upload stalled: less than ${MIN_BYTES} bytes received in ${timeout / 1000} seconds`,
  );
}

function isAborted(error: unknown): boolean {
  const { name, code, message } = (error ?? {}) as { name?: string; code?: string; message?: string };
  return (
    name === 'AbortError' ||
    code === 'ECONNRESET' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    message === 'aborted'
  );
}
