import { takesGzip } from '../../shared/headers/accept.ts';
import type { FormatContext } from '../access/guard.ts';
import { reply } from './reply.ts';

/**
 * Options for sending a text. `vary` lists the request headers, apart from `Accept-Encoding`, that it depends on.
 */
export interface TextOptions {
  readonly contentType: string;
  readonly vary: string;
}

/**
 * Streams an uncached response, gzipped if the client accepts that. For lists of unbounded length. If producing
 * the text fails, the connection is aborted.
 */
export function sendText(
  c: FormatContext,
  pieces: AsyncIterable<string>,
  { contentType, vary }: TextOptions,
): Response {
  const gzip = takesGzip(c.req.header('accept-encoding'));
  const headers = {
    'content-type': contentType,
    'content-encoding': gzip ? 'gzip' : undefined,
    vary: `Accept-Encoding, ${vary}`,
    'cache-control': 'private, no-cache',
  };
  const text = ReadableStream.from(pieces).pipeThrough(new TextEncoderStream());
  return reply(c, 200, gzip ? text.pipeThrough(new CompressionStream('gzip')) : text, headers);
}
