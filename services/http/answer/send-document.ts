import type { Document } from '../../registry/documents/document-cache.ts';
import { bestEncoding, type Encoding, takesGzip } from '../../shared/headers/accept.ts';
import { matchesEtag } from '../../shared/headers/etag.ts';
import type { FormatContext } from '../access/guard.ts';
import { type ReplyHeaders, reply } from './reply.ts';

/** Documents smaller than this, in bytes, are not worth compressing. */
const SMALL = 1024;

/** Options for sending a document. `variant` distinguishes content types in the ETag. */
export interface DocumentOptions {
  readonly contentType: string;
  readonly variant: string;
  /** The request headers, apart from `Accept-Encoding`, that the document depends on. */
  readonly vary?: string;
  /** The encoding that the protocol prescribes for this URL, regardless of what the client accepts. */
  readonly encoding?: Encoding;
  /** Additional headers. */
  readonly headers?: ReplyHeaders;
  /** Sends the document even if the client already has it: never a 304. */
  readonly again?: boolean;
}

/**
 * Sends a rendered index in the best encoding the client accepts, or 304 when the client already has it. The ETag is
 * made of the content. A revision would not do: clients keep documents per host (Yarn 4 even sends an ETag to any
 * address there), and the links change with the external URL, a restored backup counts its revisions anew, and so
 * does another registry that takes over the host.
 */
export async function sendDocument(
  c: FormatContext,
  document: Document,
  options: DocumentOptions,
): Promise<Response> {
  const { headers } = c.req.raw;
  const encoding = options.encoding ?? encodingFor(document, headers.get('accept-encoding'));
  const etag = `"${await document.digest()}-${options.variant}-${encoding}"`;
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

/** Returns the best encoding that the client accepts and the document has. */
function encodingFor(document: Document, accepted: string | null): Encoding {
  if (document.length < SMALL) return 'identity';
  const best = bestEncoding(accepted);
  if (best !== 'br' || document.br) return best;
  return takesGzip(accepted) ? 'gzip' : 'identity';
}

function encoded(document: Document, encoding: Encoding): Promise<Uint8Array> | Uint8Array {
  if (encoding === 'br' && document.br) return document.br();
  return encoding === 'gzip' ? document.gzip() : document.identity();
}
