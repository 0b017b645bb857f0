import { RegistryError } from '../../domain/errors.ts';
import type { PackageFile } from '../../domain/packages.ts';
import type { ByteRange } from '../../ports/blob-store.ts';
import { type OpenableFile, openFile } from '../../registry/blobs/open-file.ts';
import { parseRange } from '../../shared/headers/byte-range.ts';
import { contentDisposition } from '../../shared/headers/content-disposition.ts';
import { httpDate, judgeConditions, rangeCounts } from '../../shared/headers/preconditions.ts';
import type { Call } from '../call.ts';
import { type DownloadMode, downloadMode } from './download-mode.ts';
import { type ReplyHeaders, reply } from './reply.ts';

/** The part of a handler's context needed to send a response, for formats and for the management API. */
export interface SendContext {
  readonly req: { readonly raw: Request };
  readonly env: Call;
}

/** Options for sending a file. */
export interface SendOptions {
  /** Overrides the stored content type. */
  readonly contentType?: string;
  /** `attachment` (the default) tells browsers to save the file under its name. */
  readonly disposition?: 'attachment' | 'inline';
  /** `proxy` sends the bytes themselves, whatever else the mode would depend on. */
  readonly mode?: 'proxy';
  /** Additional headers; not sent with a redirect. */
  readonly headers?: ReplyHeaders;
}

/** A file of a version, whose downloads are counted, or a generated file that belongs to no version. */
export type SentFile = OpenableFile & Partial<Pick<PackageFile, 'versionId' | 'version' | 'partOf'>>;

/** Only the client itself may cache the response, and it must revalidate before reuse. */
const CACHE = 'private, max-age=0, must-revalidate';

/**
 * Sends a file, either as a redirect to a signed link or as the bytes themselves (see `downloadMode`). HEAD is
 * never redirected. Conditional requests get 304 or 412, and a single `Range` gets 206. Several ranges get the
 * whole file, as in S3: RFC 9110 section 14.2 lets a server ignore `Range`, and every client can read a 200. The
 * ETag is the SHA-256.
 * @throws RegistryError `preconditionFailed` for a 412
 */
export async function sendFile(c: SendContext, file: SentFile, options: SendOptions = {}): Promise<Response> {
  const { headers, method } = c.req.raw;
  const validators = { etag: `"${file.digests.sha256}"`, modifiedAt: file.createdAt };
  const common = {
    etag: validators.etag,
    'last-modified': httpDate(file.createdAt),
    'accept-ranges': 'bytes',
    'cache-control': CACHE,
    'x-checksum-sha256': file.digests.sha256,
    'x-content-type-options': 'nosniff',
    ...options.headers,
  };
  const verdict = judgeConditions(headers, validators);
  if (verdict === 'not modified') return reply(c, 304, null, common);
  if (verdict === 'failed') throw new RegistryError('preconditionFailed');
  // A HEAD request ignores `Range` (section 14.2).
  const counts = method === 'GET' && rangeCounts(headers, validators);
  const range = counts ? parseRange(headers.get('range'), file.size) : 'whole';
  if (range === 'unsatisfiable') {
    const sizes = { 'content-range': `bytes */${file.size}`, 'content-length': '0' };
    return reply(c, 416, null, { ...common, ...sizes });
  }
  const part = range === 'whole' ? undefined : range;
  const length = part ? part.end - part.start + 1 : file.size;
  const described = {
    ...common,
    'content-type': options.contentType ?? file.contentType,
    'content-disposition': contentDisposition(options.disposition ?? 'attachment', file.fileName),
    'content-length': String(length),
    'content-range': part && `bytes ${part.start}-${part.end}/${file.size}`,
  };
  if (method === 'HEAD') return reply(c, 200, null, described);
  const { registry } = c.env;
  const mode = options.mode ?? downloadMode(registry.settings, { request: c.req.raw, size: file.size, part });
  return transfer(c, file, { part, mode, described });
}

/** The part of a file to send, how, and the headers that describe it. */
interface Transfer {
  readonly part: ByteRange | undefined;
  readonly mode: DownloadMode;
  readonly described: ReplyHeaders & Record<'content-type' | 'content-disposition', string>;
}

/** Sends a redirect to the bytes, or the bytes with the headers that describe them. */
async function transfer(
  c: SendContext,
  file: SentFile,
  { part, mode, described }: Transfer,
): Promise<Response> {
  const { registry } = c.env;
  const opened = await openFile(registry, file, {
    range: part,
    proxy: mode === 'proxy',
    contentType: described['content-type'],
    contentDisposition: described['content-disposition'],
    cacheControl: CACHE,
  });
  // A client that resumes, or downloads the parts of a file in parallel, requests the first byte once.
  const { versionId, version, fileName, partOf } = file;
  if (versionId !== undefined && partOf === undefined && (part?.start ?? 0) === 0) {
    registry.downloads.count({ versionId, version, fileName }, registry.clock.now());
    c.env.trace.downloaded = true;
  }
  if ('link' in opened) {
    const kept = { 'cache-control': 'private, no-store', 'content-length': '0' };
    return reply(c, 302, null, { location: opened.link, ...kept });
  }
  return reply(c, part ? 206 : 200, 'bytes' in opened ? opened.bytes : opened.stream, described);
}
