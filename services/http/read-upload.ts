import { badRequest, tooLarge } from '../domain/errors.ts';
import { type Staged, stageBlob } from '../registry/stage-blob.ts';
import type { FormatContext } from './guard.ts';

/** How an upload is taken in; see `stageBlob`. */
export interface UploadOptions<T> {
  /** Where the bytes come from, when they are not the whole body of the request. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly inspect?: (body: AsyncIterable<Uint8Array>) => Promise<T>;
}

/** Streams the request's body into the blob store, within the limits of the format and the host. */
export async function readUpload<T = undefined>(
  c: FormatContext,
  options: UploadOptions<T> = {},
): Promise<Staged<T>> {
  const limit = uploadLimit(c);
  const { body = requestBody(c, limit), ...rest } = options;
  return stageBlob(c.env.registry, body, { limit: limit.bytes, ...rest });
}

/** The most bytes a file may have here: the format's limit or the host's, with what to tell who sends more. */
export function uploadLimit(c: FormatContext): { bytes: number; hint: string } {
  const host = c.env.registry.settings.bodyLimit;
  const { fileLimit } = c.env.format;
  return fileLimit <= host.bytes ? { bytes: fileLimit, hint: '' } : host;
}

/** The request's body as it comes in; one that announces more than `limit` bytes is refused before it is read. */
export async function* requestBody(
  c: FormatContext,
  limit: { readonly bytes: number; readonly hint: string },
): AsyncGenerator<Uint8Array> {
  const announced = Number(c.req.header('content-length') ?? 0);
  if (announced > limit.bytes) throw tooLarge(limit.bytes, limit.hint);
  const { body } = c.req.raw;
  if (!body) return;
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > limit.bytes) throw tooLarge(limit.bytes, limit.hint);
      yield chunk;
    }
  } catch (error) {
    if (isAborted(error)) throw badRequest('The upload ended early');
    throw error;
  }
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
