import type { ByteRange } from '../../ports/blob-store.ts';
import type { RegistrySettings } from '../../registry/context.ts';

/** How a client gets a file: the bytes from the registry (`proxy`), or a link to the store (`direct`). */
export type DownloadMode = RegistrySettings['allowedDownloadModes'][number];

/** The facts about a download that the decision depends on. */
export interface Download {
  readonly request: Request;
  /** The size of the file in bytes. */
  readonly size: number;
  /** The requested range; undefined for the whole file. */
  readonly part: ByteRange | undefined;
}

/**
 * Clients that forward `Authorization` to another host, where a signed link then fails, because S3 refuses
 * requests with two kinds of credentials. Seen with Wget 1.21, Python 3.11's urllib, HTTP::Tiny 0.080, Java 17's
 * HttpClient and Bun before 1.4.
 */
const forwardsAuthorization =
  /^(?:Bun\/(?:0|1\.[0-3])\.|Python-urllib\/|Wget\/1\.|HTTP-Tiny\/|Java-http-client\/)/;

/**
 * Decides whether a file is sent through the registry or as a link, if the store can create links. In order of
 * precedence: what this host can send at all, the client's choice (`?download_mode=`, if allowed), the operator's
 * setting, the size, and whether the client can follow a link.
 */
export function downloadMode(settings: RegistrySettings, download: Download): DownloadMode {
  const { request, size, part } = download;
  if ((part ? part.end - part.start + 1 : size) > settings.proxyLimit) return 'direct';
  const requested = settings.allowedDownloadModes.find((mode) => mode === requestedMode(request));
  if (requested) return requested;
  const proxied =
    settings.proxyDownload ||
    size <= settings.proxyBelow ||
    breaksLink(request.headers) ||
    storeMayMisread(request, download.part !== undefined);
  return proxied ? 'proxy' : 'direct';
}

function requestedMode({ url }: Request): string | null {
  // Few downloads have the parameter, and parsing a URL takes longer than searching it for the word.
  return url.includes('download_mode=') ? new URL(url).searchParams.get('download_mode') : null;
}

function breaksLink(headers: Headers): boolean {
  return headers.has('authorization') && forwardsAuthorization.test(headers.get('user-agent') ?? '');
}

/**
 * Whether the store could treat a request differently than the registry does. Clients forward conditions and
 * ranges to the store. Its ETag differs and its date is that of the upload, so it could refuse a valid request or,
 * when the bytes of a file had been stored earlier, report a changed file as unchanged. S3 honours `If-Range` but
 * not every compatible store does, and a client would then append the rest of a different file to what it has.
 * Several ranges are handled differently by every store.
 */
function storeMayMisread({ headers }: Request, ranged: boolean): boolean {
  return (headers.has('range') && !ranged) || conditions.some((name) => headers.has(name));
}

const conditions = ['if-match', 'if-unmodified-since', 'if-modified-since', 'if-range'];
