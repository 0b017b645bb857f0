import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { singleSlashes } from '../../shared/headers/request-target.ts';

/**
 * Converts an HTTP API event to a request at `origin` (the public URL, never the host in the event). Its path is
 * percent-encoded as on every other host, although the gateway has decoded it.
 */
export function toRequest(event: APIGatewayProxyEventV2, origin: string): Request {
  const { method } = event.requestContext.http;
  const query = event.rawQueryString ? `?${event.rawQueryString}` : '';
  const hasBody = event.body !== undefined && method !== 'GET' && method !== 'HEAD';
  return new Request(`${origin}${eventPath(event)}${query}`, {
    method,
    headers: toHeaders(event),
    ...(hasBody ? { body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8') } : {}),
  });
}

/** Returns the path of an event, encoded, with dot segments as the client sent them. */
export function eventPath({ rawPath }: APIGatewayProxyEventV2): string {
  return singleSlashes(encodePath(rawPath));
}

/**
 * Whether the gateway may have altered the body. It reads bodies whose type says text as UTF-8 and replaces bytes that
 * are not by U+FFFD, which has three bytes. Usually the length then differs from what the client announced. Where it
 * does not differ, or was not announced, a body of type `text/*` that contains U+FFFD counts as altered, since its bytes
 * may be a file. JSON and XML are exempt there: their clients write UTF-8, and texts of packages do contain U+FFFD.
 */
export function isAltered({ body, isBase64Encoded, headers }: APIGatewayProxyEventV2): boolean {
  if (body === undefined || isBase64Encoded) return false;
  const announced = headers['content-length'];
  if (announced !== undefined && Number(announced) !== Buffer.byteLength(body)) return true;
  return /^text\//i.test(headers['content-type'] ?? '') && body.includes('\ufffd');
}

/** Characters allowed in a path segment (RFC 3986: `pchar`) that `encodeURIComponent` would encode. */
const plain: Readonly<Record<string, string>> = {
  '%24': '$',
  '%26': '&',
  '%2B': '+',
  '%2C': ',',
  '%3A': ':',
  '%3B': ';',
  '%3D': '=',
  '%40': '@',
};

/**
 * Encodes a path that the gateway has decoded once. Sources disagree whether it also decodes `%25`. Treating `%25`
 * as an encoded percent sign is right in both cases, unless a client means the literal text `%25`.
 */
export function encodePath(decoded: string): string {
  const path = decoded.startsWith('/') ? decoded : `/${decoded}`;
  if (/^[\w\-.!~*'()/@+$&,;=:]*$/.test(path)) return path;
  const text = path.toWellFormed().replaceAll('%25', '%');
  const encoded = text.split('/').map((segment) => encodeURIComponent(segment));
  return encoded.join('/').replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, (code) => plain[code] ?? code);
}

function toHeaders(event: APIGatewayProxyEventV2): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers)) {
    if (value !== undefined) headers.set(name, toLatin1(value));
  }
  if (event.cookies) headers.set('cookie', toLatin1(event.cookies.join('; ')));
  return headers;
}

/**
 * Restores bytes above ASCII as Node's server provides them. The gateway decodes them as UTF-8, which `Headers`
 * rejects.
 */
function toLatin1(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1');
}
