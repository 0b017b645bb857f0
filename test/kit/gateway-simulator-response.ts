import { randomBytes } from 'node:crypto';

/** The response of the gateway. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/** The largest result of Lambda, in bytes of JSON. */
const MAX_RESULT = 6_291_556;

/** Headers that the gateway writes itself, whatever the function returns. */
const ownHeaders = new Set(['connection', 'content-length', 'transfer-encoding', 'date', 'apigw-requestid']);

/** A response that the gateway makes itself. */
export function refusal(status: number, message: string): GatewayAnswer {
  const body = Buffer.from(JSON.stringify({ message }));
  return {
    status,
    headers: ownHeadersOf(new Map([['content-type', 'application/json']])),
    cookies: [],
    body,
  };
}

/** The response for a function's result (JSON; undefined when the function failed). */
export function readResult(json: string | undefined, renameChallenge: boolean): GatewayAnswer {
  const failed = refusal(500, 'Internal Server Error');
  if (json === undefined || Buffer.byteLength(json) > MAX_RESULT) return failed;
  const result = JSON.parse(json) as unknown;
  if (!isObject(result) || !('statusCode' in result)) {
    // A result without a status is the body itself.
    const body = Buffer.from(typeof result === 'string' ? result : json);
    return {
      status: 200,
      headers: ownHeadersOf(new Map([['content-type', 'application/json']])),
      cookies: [],
      body,
    };
  }
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded } = result;
  if (!Number.isInteger(statusCode) || !isObject(headers) || typeof body !== 'string') return failed;
  const bytes = Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  const sent = passOn(headers, renameChallenge);
  if (!sent || !Array.isArray(cookies)) return failed;
  if (statusCode === 401) restoreChallenge(sent);
  if (bytes.length > 0 && !sent.has('content-type')) sent.set('content-type', 'text/plain;charset=UTF-8');
  return {
    status: statusCode as number,
    headers: ownHeadersOf(sent),
    cookies: cookies.map(String),
    body: bytes,
  };
}

/** The function's headers as they are passed on, or undefined if a value is invalid. */
function passOn(headers: Record<string, unknown>, renameChallenge: boolean): Map<string, string> | undefined {
  const sent = new Map<string, string>();
  for (const [key, value] of Object.entries(headers)) {
    const name = key.toLowerCase();
    if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined;
    // The function may set the length only of an absent body, as for HEAD.
    if (ownHeaders.has(name) && name !== 'content-length') continue;
    const renamed = renameChallenge && name === 'www-authenticate';
    sent.set(renamed ? 'x-amzn-remapped-www-authenticate' : name, String(value));
  }
  return sent;
}

/** The response parameter that the API stack puts on every integration. */
function restoreChallenge(headers: Map<string, string>): void {
  const challenge = headers.get('x-registry-challenge');
  if (challenge !== undefined) headers.set('www-authenticate', challenge);
}

function ownHeadersOf(headers: Map<string, string>): Map<string, string> {
  return headers.set('apigw-requestid', randomBytes(11).toString('base64'));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
