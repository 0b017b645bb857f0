import type { Context } from 'hono';
import type { Call } from './call.ts';

/** Headers of an answer; undefined ones are left out. */
export type ReplyHeaders = Readonly<Record<string, string | undefined>>;

/** What a response may be made of. */
export type ResponseBody = ConstructorParameters<typeof Response>[0];

type AnyContext = Context<{ Bindings: Call }> | { readonly env: Call };

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
  return new Response(body, {
    status,
    headers: all,
    ...(reason !== undefined && { statusText: reason }),
  });
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
