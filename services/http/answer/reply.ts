import type { Context } from 'hono';
import type { Call } from '../call.ts';

/** Headers of a response; undefined values are left out. */
export type ReplyHeaders = Readonly<Record<string, string | undefined>>;

/** The possible bodies of a response. */
export type ResponseBody = ConstructorParameters<typeof Response>[0];

type AnyContext = Context<{ Bindings: Call }> | { readonly env: Call };

/**
 * A response whose body is a stream. It is a class of its own because reading `response.body` slows every response
 * down. Once sent, it can't turn into an error response any more: a host whose read of the body fails calls
 * `broken` and aborts the connection, so that no client takes the partial body for the whole.
 */
export class StreamedReply extends Response {
  readonly broken: (error: unknown) => void;

  constructor(body: ResponseBody, init: ResponseInit, broken: (error: unknown) => void) {
    super(body, init);
    this.broken = broken;
  }
}

/**
 * Builds a response with all its headers at once, because adding a header to a finished response takes most of the
 * time of a request. Every response carries the request id. `reason` replaces the reason phrase of the status
 * line.
 */
export function reply(
  c: AnyContext,
  status: number,
  body: ResponseBody,
  headers: ReplyHeaders = {},
  reason?: string,
): Response {
  const all: Record<string, string> = { 'x-request-id': c.env.requestId };
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) all[name] = value;
  }
  if (c.env.headers) {
    const { vary } = all;
    Object.assign(all, c.env.headers);
    if (vary !== undefined && c.env.headers.vary !== undefined) all.vary = `${vary}, ${c.env.headers.vary}`;
  }
  c.env.trace.sent = lengthOf(body, all['content-length']);
  const init = { status, headers: all, ...(reason !== undefined && { statusText: reason }) };
  if (!(body instanceof ReadableStream)) return new Response(body, init);
  const { registry, requestId } = c.env;
  return new StreamedReply(body, init, (error) =>
    registry.log.error('download interrupted', { request_id: requestId, error }),
  );
}

/** The bytes of a body, as far as they are known without reading it. */
function lengthOf(body: ResponseBody, announced: string | undefined): number {
  if (body === null) return 0;
  if (announced !== undefined) return Number(announced);
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : 0;
}

/** Builds a JSON response. */
export function replyJson(
  c: AnyContext,
  status: number,
  value: unknown,
  headers: ReplyHeaders = {},
): Response {
  return reply(c, status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}
