import { RegistryError } from '../../domain/errors.ts';
import { matchesEtag } from '../../shared/headers/etag.ts';
import { reply } from './reply.ts';
import type { SendContext } from './send-file.ts';

/** A part of a file with a separate URL, such as the readme in an archive. */
export interface SentBytes {
  /** Changes whenever the bytes do; without quotes. */
  readonly etag: string;
  readonly contentType: (bytes: Uint8Array) => string;
  /** Reads the bytes; undefined if they do not exist. Not called when the client already has them. */
  read(): Promise<Uint8Array | undefined>;
}

/**
 * Sends a few bytes that were extracted from a file, or 304. Publishers control these bytes, so the headers keep
 * browsers from treating them as a page of the registry.
 * @throws RegistryError `fileNotFound` when the file does not contain these bytes
 */
export async function sendBytes(c: SendContext, { etag, contentType, read }: SentBytes): Promise<Response> {
  const quoted = `"${etag}"`;
  const common = { etag: quoted, 'cache-control': 'private, max-age=0, must-revalidate' };
  if (matchesEtag(c.req.raw.headers.get('if-none-match'), quoted)) return reply(c, 304, null, common);
  const bytes = await read();
  if (!bytes) throw new RegistryError('fileNotFound');
  return reply(c, 200, new Uint8Array(bytes), {
    ...common,
    'content-type': contentType(bytes),
    'content-length': String(bytes.byteLength),
    'content-disposition': 'inline',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
}
