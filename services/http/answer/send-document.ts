import { promisify } from 'node:util';
import { brotliCompress, constants, crc32, gzip } from 'node:zlib';
import type { Document } from '../../registry/documents/document-cache.ts';
import { bestEncoding, type Encoding } from '../../shared/headers/accept.ts';
import { matchesEtag } from '../../shared/headers/etag.ts';
import type { FormatContext } from '../access/guard.ts';
import { type ReplyHeaders, reply } from './reply.ts';

const toGzip = promisify(gzip);
const toBrotli = promisify(brotliCompress);

/** Documents under this many bytes are not worth compressing. */
const SMALL = 1024;

/** How a document is to be sent. `variant` tells documents of one revision apart in the ETag. */
export interface DocumentOptions {
  readonly contentType: string;
  readonly variant: string;
  /** What beside the encoding decides which document is sent. */
  readonly vary?: string;
  /** The encoding that the protocol promises at this address, whatever the client says it takes. */
  readonly encoding?: Encoding;
  /** Further headers. */
  readonly headers?: ReplyHeaders;
  /** Send it also to who has it. */
  readonly again?: boolean;
}

/**
 * Sends a rendered index, compressed as the client likes it, or 304 when the client has this revision of it. The ETag
 * also tells addresses apart: Yarn 4 keeps one document per host and name, and sends its ETag to any address.
 */
export async function sendDocument(
  c: FormatContext,
  document: Document,
  options: DocumentOptions,
): Promise<Response> {
  const { headers } = c.req.raw;
  const small = document.identity.byteLength < SMALL;
  const encoding = options.encoding ?? (small ? 'identity' : bestEncoding(headers.get('accept-encoding')));
  const address = crc32(c.env.address.prefix).toString(36);
  const etag = `"${document.revision}-${address}-${options.variant}-${encoding}"`;
  const common = {
    etag,
    vary: options.vary ? `Accept-Encoding, ${options.vary}` : 'Accept-Encoding',
    'cache-control': 'private, no-cache',
    ...options.headers,
  };
  if (!options.again && matchesEtag(headers.get('if-none-match'), etag)) return reply(c, 304, null, common);
  const body = await encoded(document, encoding);
  return reply(c, 200, body as Uint8Array<ArrayBuffer>, {
    ...common,
    'content-type': options.contentType,
    'content-encoding': encoding === 'identity' ? undefined : encoding,
    'content-length': String(body.byteLength),
  });
}

function encoded(document: Document, encoding: Encoding): Promise<Uint8Array> | Uint8Array {
  if (encoding === 'identity') return document.identity;
  if (encoding === 'gzip') {
    document.gzip ??= toGzip(document.identity, { level: 6 });
    return document.gzip;
  }
  document.br ??= toBrotli(document.identity, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_SIZE_HINT]: document.identity.byteLength,
    },
  });
  return document.br;
}
