import type { Context } from 'hono';
import type { Call } from '../call.ts';

/** Headers of an answer; undefined ones are left out. */
export type ReplyHeaders = Readonly<Record<string, string | undefined>>;

/** What a response may be made of. */
export type ResponseBody = ConstructorParameters<typeof Response>[0];

type AnyContext = Context<{ Bindings: Call }> | { readonly env: Call };

/**
 * An answer whose body is a stream. Its class tells it, for asking an answer for its body makes every answer dearer.
 * It can't become an error any more: a host that finds its body failing calls `broken` and breaks the connection off,
 * so that nobody takes what came of it for the whole.
 */
export class StreamedReply extends Response {
  readonly broken: (error: unknown) => void;

  constructor(body: ResponseBody, init: ResponseInit, broken: (error: unknown) => void) {
    super(body, init);
    this.broken = broken;
  }
}

/**
 * Builds an answer once, with all its headers: adding one to a finished response costs most of a request's time.
 * Every answer names the request. `reason` replaces the words of the status line.
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
  if (c.env.headers) Object.assign(all, c.env.headers);
  const init = { status, headers: all, ...(reason !== undefined && { statusText: reason }) };
  if (!(body instanceof ReadableStream)) return new Response(body, init);
  const { registry, requestId } = c.env;
  return new StreamedReply(body, init, (error) =>
    registry.log.error('download broke off', { request_id: requestId, error }),
  );
}

/** An answer of JSON. */
export function replyJson(
  c: AnyContext,
  status: number,
  value: unknown,
  headers: ReplyHeaders = {},
): Response {
  return reply(c, status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}
