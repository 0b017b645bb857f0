import type { RegistrySettings } from '../../registry/context.ts';

/**
 * The headers of answers that pages of other origins may read, apart from those that they always may and from those
 * of a format (`exposedHeaders`).
 */
const EXPOSED = [
  'content-disposition',
  'content-range',
  'etag',
  'link',
  'location',
  'retry-after',
  'www-authenticate',
  'x-checksum-sha256',
  'x-incomplete-results',
  'x-next-page',
  'x-page',
  'x-per-page',
  'x-prev-page',
  'x-request-id',
  'x-total',
  'x-total-pages',
];

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';

/** How long a browser may remember the answer to a preflight request, in seconds. */
const MAX_AGE = '600';

type Settings = Pick<RegistrySettings, 'corsOrigins'>;

/**
 * The headers that let a page of another origin read the answer (https://fetch.spec.whatwg.org/#http-cors-protocol);
 * undefined if the settings do not allow its origin. Pages send a token in a header: cookies mean nothing here.
 * @param more further headers that the page may read
 */
export function corsHeaders(
  request: Request,
  { corsOrigins }: Settings,
  more: readonly string[] = [],
): Readonly<Record<string, string>> | undefined {
  if (corsOrigins.length === 0) return undefined;
  if (corsOrigins.includes('*')) return headersFor('*', more);
  const origin = request.headers.get('origin');
  // Caches must keep the answers to allowed and to other origins apart.
  if (origin === null || !corsOrigins.includes(origin)) return { vary: 'Origin' };
  return { ...headersFor(origin, more), vary: 'Origin' };
}

function headersFor(origin: string, more: readonly string[]): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': [...EXPOSED, ...more].join(', '),
  };
}

/** The headers of the answer to a preflight request; undefined if it is another request, or not allowed. */
export function preflightHeaders(
  request: Request,
  allowed: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return undefined;
  if (allowed?.['access-control-allow-origin'] === undefined) return undefined;
  const requested = request.headers.get('access-control-request-headers') ?? '';
  return {
    'access-control-allow-methods': METHODS,
    // `*` would not include Authorization.
    'access-control-allow-headers': /^[\w ,-]{0,2000}$/.test(requested) ? requested : '',
    'access-control-max-age': MAX_AGE,
  };
}
