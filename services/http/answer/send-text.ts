import { takesGzip } from '../../shared/headers/accept.ts';
import type { FormatContext } from '../access/guard.ts';
import { reply } from './reply.ts';

/** How a text is to be sent. `vary` names the headers that decide, beside the encoding, which text it is. */
export interface TextOptions {
  readonly contentType: string;
  readonly vary: string;
}

/**
 * Sends a text as it comes to be, gzipped where the client takes that: for lists without an end to rely on, of which
 * nothing is kept. One that fails on the way is cut off.
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
