import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Log } from '../../ports/log.ts';

/** The most bytes Lambda takes back from a function: 6 MB and a little, as its own error message tells. */
export const MAX_RESULT = 6_291_556;

/** Headers that the gateway sets itself, and would refuse or double. */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** The result an HTTP API makes the answer from. One that is too large for Lambda becomes an error that says so. */
export async function toResult(
  response: Response,
  method: string,
  log: Log,
): Promise<APIGatewayProxyStructuredResultV2> {
  const bytes = await readUpTo(method === 'HEAD' ? withoutBody(response) : response, MAX_RESULT);
  const result = bytes && makeResult(response, method, bytes);
  if (result && fits(result)) return result;
  log.error('answer too large for this host', { status: response.status, limit_bytes: MAX_RESULT });
  return tooLarge;
}

const tooLarge: APIGatewayProxyStructuredResultV2 = {
  statusCode: 502,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    message:
      '502 Bad Gateway - The answer is larger than the 6 MB that a function can send. Download by redirect.',
  }),
  isBase64Encoded: false,
};

/** The answer to HEAD: what body it may have is not read. */
function withoutBody(response: Response): Response {
  response.body?.cancel().catch(() => {});
  return new Response(null, response);
}

/** The body, or undefined when it has more bytes than the limit; the rest is not read then. */
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
    // The gateway counts the body itself; only without one does the length tell something.
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

/** The bytes as text, or undefined when they would not come out as the same bytes again. */
function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether Lambda will take the result. It counts the whole as JSON, where a quote has two bytes. */
function fits(result: APIGatewayProxyStructuredResultV2): boolean {
  if ((result.body?.length ?? 0) < MAX_RESULT / 8) return true;
  return Buffer.byteLength(JSON.stringify(result)) <= MAX_RESULT;
}
