import { type Staged, stageBlob } from '../../registry/blobs/stage-blob.ts';
import type { FormatContext } from '../access/guard.ts';
import { type BodyLimit, requestBody } from './request-body.ts';

/** Options for reading an upload; see `stageBlob`. */
export interface UploadOptions<T> {
  /** The bytes to store; by default the whole body of the request. */
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
  return stageBlob(c.env.registry, body, { limit: limit.bytes, hint: limit.hint, ...rest });
}

/**
 * The size limit for an uploaded file: the lower of the format's and the host's, with a hint for the error
 * message.
 */
export function uploadLimit(c: FormatContext): BodyLimit {
  const host = c.env.registry.settings.bodyLimit;
  const { fileLimit } = c.env.format;
  return fileLimit <= host.bytes ? { bytes: fileLimit, hint: '' } : host;
}
