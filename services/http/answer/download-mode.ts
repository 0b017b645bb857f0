import type { ByteRange } from '../../ports/blob-store.ts';
import type { RegistrySettings } from '../../registry/context.ts';

/** How a client gets a file: its bytes from the registry, or a link to where they lie. */
export type DownloadMode = RegistrySettings['allowedDownloadModes'][number];

/** A download as the decision sees it. */
export interface Download {
  readonly request: Request;
  /** The size of the file in bytes. */
  readonly size: number;
  /** The part of it that is to be sent; undefined for all of it. */
  readonly part: ByteRange | undefined;
}

/**
 * Clients that take `Authorization` along to another host, where a signed link then fails: S3 refuses two ways of
 * signing at once. Seen with Wget 1.21, Python 3.11's urllib, HTTP::Tiny 0.080, Java 17's HttpClient and Bun before 1.4.
 */
const forwardsAuthorization =
  /^(?:Bun\/(?:0|1\.[0-3])\.|Python-urllib\/|Wget\/1\.|HTTP-Tiny\/|Java-http-client\/)/;

/**
 * Decides whether a file is sent through the registry or by a link, where the store can give one. What decides first
 * wins: what this host can send at all, what the client asks for (`?download_mode=`, where that is allowed), then
 * the operator, the size, and what the client would do with a link.
 */
export function downloadMode(settings: RegistrySettings, download: Download): DownloadMode {
  const { request, size, part } = download;
  if ((part ? part.end - part.start + 1 : size) > settings.proxyLimit) return 'direct';
  const asked = settings.allowedDownloadModes.find((mode) => mode === askedMode(request));
  if (asked) return asked;
  const proxied =
    settings.proxyDownload ||
    size <= settings.proxyBelow ||
    losesLink(request.headers) ||
    storeMayErr(request, download.part !== undefined);
  return proxied ? 'proxy' : 'direct';
}

function askedMode({ url }: Request): string | null {
  // Nearly no download has one, and reading a URL takes longer than looking for the word in it.
  return url.includes('download_mode=') ? new URL(url).searchParams.get('download_mode') : null;
}

function losesLink(headers: Headers): boolean {
  return headers.has('authorization') && forwardsAuthorization.test(headers.get('user-agent') ?? '');
}

/**
 * Whether the store could take a request for something else than we do. Clients take conditions and ranges along to it.
 * Its ETag is another and its date is that of the upload, so it would refuse what is right or, when a file got bytes
 * that had been stored earlier, take the old ones for these. `If-Range` is heeded by S3 but not by every store like it,
 * which then adds to what a client has the rest of another file; and of several ranges each makes something else.
 */
function storeMayErr({ headers }: Request, ranged: boolean): boolean {
  return (headers.has('range') && !ranged) || conditions.some((name) => headers.has(name));
}

const conditions = ['if-match', 'if-unmodified-since', 'if-modified-since', 'if-range'];
