import type { PackageFile } from '../domain/packages.ts';
import { type OpenedFile, openFile } from '../registry/open-file.ts';
import { parseRange, type Range } from '../shared/headers/byte-range.ts';
import { matchesEtag } from '../shared/headers/etag.ts';
import type { Call } from './call.ts';
import { type ReplyHeaders, reply } from './reply.ts';

/** What sending needs of a handler's context, be it a format's or the management API's. */
export interface SendContext {
  readonly req: { readonly raw: Request };
  readonly env: Call;
}

/** How a file is to be sent. */
export interface SendOptions {
  /** Overrides the stored content type. */
  readonly contentType?: string;
  /** `attachment` (the default) tells browsers to save the file under its name. */
  readonly disposition?: 'attachment' | 'inline';
  /** Further headers, which do not come with a redirect. */
  readonly headers?: ReplyHeaders;
}

/** Clients that take `Authorization` along to another host, where a signed link then fails. */
const forwardsAuthorization = /^(?:Bun\/1\.[0-3]\.|Bun\/0\.|Python-urllib\/)/;

/**
 * Sends a file: by a redirect to a signed link where the store gives one, else byte by byte. Answers HEAD itself,
 * `If-None-Match` with 304 and a single `Range` with 206; the ETag is the SHA-256 of the bytes.
 */
export async function sendFile(
  c: SendContext,
  file: PackageFile,
  options: SendOptions = {},
): Promise<Response> {
  const { headers, method } = c.req.raw;
  const etag = `"${file.digests.sha256}"`;
  const contentType = options.contentType ?? file.contentType;
  const contentDisposition = dispositionOf(options.disposition ?? 'attachment', file.fileName);
  const common = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=0, must-revalidate',
    'x-checksum-sha256': file.digests.sha256,
    'x-content-type-options': 'nosniff',
    ...options.headers,
  };
  if (matchesEtag(headers.get('if-none-match'), etag)) return reply(c, 304, null, common);
  const ifRange = headers.get('if-range');
  const range = ifRange && ifRange !== etag ? 'whole' : parseRange(headers.get('range'), file.size);
  if (range === 'unsatisfiable') {
    return reply(c, 416, null, { ...common, 'content-range': `bytes */${file.size}` });
  }
  const part = range === 'whole' ? undefined : range;
  const described = {
    ...common,
    'content-type': contentType,
    'content-disposition': contentDisposition,
    'content-length': String(part ? part.end - part.start + 1 : file.size),
    'content-range': part && `bytes ${part.start}-${part.end}/${file.size}`,
  };
  if (method === 'HEAD') return reply(c, part ? 206 : 200, null, described);
  const opened = await openFile(c.env.registry, file, {
    range: part,
    proxy: headers.has('authorization') && forwardsAuthorization.test(headers.get('user-agent') ?? ''),
    contentType,
    contentDisposition,
  });
  return answer(c, opened, part, described);
}

function answer(
  c: SendContext,
  opened: OpenedFile,
  part: Range | undefined,
  headers: Record<string, string | undefined>,
): Response {
  if ('link' in opened) {
    return reply(c, 302, null, { location: opened.link, 'cache-control': 'private, no-store' });
  }
  return reply(c, part ? 206 : 200, 'bytes' in opened ? opened.bytes : opened.stream, headers);
}

/** A `Content-Disposition` with the base name of a file, in RFC 6266's two forms where it needs both. */
function dispositionOf(type: string, fileName: string): string {
  const base = fileName.slice(fileName.lastIndexOf('/') + 1);
  const ascii = base.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
  const extended = ascii === base ? '' : `; filename*=UTF-8''${encodeURIComponent(base)}`;
  return `${type}; filename="${ascii}"${extended}`;
}
