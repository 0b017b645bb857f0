import { badRequest, RegistryError, tooLarge } from '../../domain/errors.ts';
import type { Call } from '../call.ts';

/** What reading a body needs of a handler's context, be it a format's or the management API's. */
export interface BodyContext {
  readonly req: { readonly raw: Request };
  readonly env: Call;
}

/** The most bytes of a body, and what to tell who sends more. */
export interface BodyLimit {
  readonly bytes: number;
  readonly hint: string;
  /** The limit to tell of, where it is that of a file in the body and not that of the body. */
  readonly told?: number;
}

/** A client that is waited for must send so many bytes in the time it has (`bodyPatience`), however slow its line. */
const LEAST = 16 * 1024;

/**
 * The request's body as it comes in. One that announces more than `limit` bytes is refused before it is read, one that
 * does not when it gets there, and one that stands still is given up.
 */
export async function* requestBody(c: BodyContext, limit: BodyLimit): AsyncGenerator<Uint8Array> {
  const { headers } = c.req.raw;
  const announced = Number(headers.get('content-length') ?? 0);
  if (announced > limit.bytes) throw over(limit);
  const source = sourceOf(c);
  if (!source) return;
  let size = 0;
  try {
    for await (const chunk of steadily(source, c.env.registry.settings.bodyPatience)) {
      size += chunk.byteLength;
      if (size > limit.bytes) throw over(limit);
      yield chunk;
    }
  } catch (error) {
    if (isAborted(error)) throw badRequest('The upload ended early');
    throw error;
  } finally {
    // Not waited for: where a client stands still, it ends with the connection.
    source.stop().catch(() => {});
  }
}

/** Where chunks come from, and how to want no more of them, even while one is waited for. */
interface Source {
  /** The next chunk; none at the end. */
  next(): Promise<{ readonly value?: Uint8Array | undefined }>;
  stop(): Promise<unknown>;
}

function sourceOf({ env, req }: BodyContext): Source | undefined {
  const chunks = env.body?.()[Symbol.asyncIterator]();
  if (chunks) return { next: () => chunks.next(), stop: async () => chunks.return?.() };
  const reader = req.raw.body?.getReader();
  return reader && { next: () => reader.read(), stop: () => reader.cancel() };
}

function over({ bytes, hint, told = bytes }: BodyLimit): RegistryError {
  return tooLarge(told, hint);
}

/** The chunks of a body. Only the time in which its sender is waited for counts, not that in which we are busy. */
async function* steadily(source: Source, patience: number): AsyncGenerator<Uint8Array> {
  let waited = 0;
  let received = 0;
  for (;;) {
    const asked = performance.now();
    const { value } = await within(patience - waited, source.next(), () => standsStill(patience));
    if (!value) return;
    waited += performance.now() - asked;
    received += value.byteLength;
    if (received >= LEAST) {
      waited = 0;
      received = 0;
    }
    yield value;
  }
}

function within<T>(time: number, promise: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), time);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function standsStill(patience: number): RegistryError {
  return new RegistryError(
    'uploadStalled',
    `Request Timeout - The upload stood still: less than ${LEAST} bytes came in ${patience / 1000} seconds`,
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
