import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Log } from '../../ports/log.ts';

/** The largest result that Lambda accepts, in bytes: slightly more than 6 MB, according to its error message. */
export const MAX_RESULT = 6_291_556;

/** Headers that the gateway sets itself, and would reject or duplicate. */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/**
 * Converts a response to the result of an HTTP API. A response too large for Lambda becomes an error that says so.
 */
export async function toResult(
  response: Response,
  method: string,
  log: Log,
): Promise<APIGatewayProxyStructuredResultV2> {
  const bytes = await readUpTo(method === 'HEAD' ? withoutBody(response) : response, MAX_RESULT);
  const result = bytes && makeResult(response, method, bytes);
  if (result && fits(result)) return result;
  log.error('response too large for this host', { status: response.status, limit_bytes: MAX_RESULT });
  return tooLarge;
}

const tooLarge: APIGatewayProxyStructuredResultV2 = {
  statusCode: 502,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    message:
      '502 Bad Gateway - The response exceeds the 6 MB that a function can send. Download by redirect.',
  }),
  isBase64Encoded: false,
};

/** The response to HEAD; its body, if any, is not read. */
function withoutBody(response: Response): Response {
  response.body?.cancel().catch(() => {});
  return new Response(null, response);
}

/** The body. Undefined if it exceeds the limit, in which case the rest is not read. */
async function readUpTo(response: Response, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0]
    ? Buffer.from(chunks[0].buffer, chunks[0].byteOffset, size)
    : Buffer.concat(chunks);
}

function makeResult(response: Response, method: string, bytes: Buffer): APIGatewayProxyStructuredResultV2 {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    if (name === 'set-cookie' || hopByHop.has(name)) continue;
    // The gateway sets the length itself; it is only needed where there is no body.
    if (name === 'content-length' && method !== 'HEAD') continue;
    headers[name] = value;
  }
  const challenge = response.headers.get('www-authenticate');
  if (challenge && response.status === 401) headers['x-registry-challenge'] ??= challenge;
  const cookies = response.headers.getSetCookie();
  const text = isText(response.headers) ? decode(bytes) : undefined;
  return {
    statusCode: response.status,
    headers,
    ...(cookies.length > 0 ? { cookies } : {}),
    body: text ?? bytes.toString('base64'),
    isBase64Encoded: text === undefined && bytes.length > 0,
  };
}

function isText(headers: Headers): boolean {
  if (headers.has('content-encoding')) return false;
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || /^application\/(.+\+)?(json|xml|javascript)$/.test(type);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text. Undefined if they would not encode to the same bytes again. */
function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether Lambda will accept the result. It measures the whole result as JSON, where a quote takes two bytes. */
function fits(result: APIGatewayProxyStructuredResultV2): boolean {
  if ((result.body?.length ?? 0) < MAX_RESULT / 8) return true;
  return Buffer.byteLength(JSON.stringify(result)) <= MAX_RESULT;
}
