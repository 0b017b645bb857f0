import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeContext, makeEvent, type PercentRule } from './gateway-simulator-event.ts';
import { type GatewayAnswer, readResult, refusal } from './gateway-simulator-response.ts';
import { type LambdaHandler, matchRoute, type RouteRule } from './gateway-simulator-routes.ts';

/** Options of a gateway with the rules of an API Gateway HTTP API. */
export interface GatewayOptions {
  /** The function on `$default`. */
  readonly handler?: LambdaHandler;
  /** Functions by route key, such as `ANY /api/v4/users/{proxy+}`. */
  readonly routes?: Readonly<Record<string, LambdaHandler>>;
  readonly port?: number;
  /** Milliseconds after which the gateway stops waiting. */
  readonly timeout?: number;
  /** Whether `%25` in paths is decoded like the rest or left unchanged: sources differ. */
  readonly percent?: PercentRule;
  /** Whether routes are matched against the path as sent or as decoded: this is not documented. */
  readonly routeBy?: RouteRule;
  /** Whether `www-authenticate` is renamed on the way out, as some of AWS's front doors do. */
  readonly renameChallenge?: boolean;
}

/** A running simulator. */
export interface Gateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** The largest request line and headers together, in bytes. */
const MAX_HEAD = 10_240;
/** The largest body that the gateway itself accepts, in bytes. */
const MAX_BODY = 10 * 1024 * 1024;
/** The largest event that Lambda accepts, in bytes of JSON. */
const MAX_EVENT = 6_291_456;

/** Starts a gateway in front of Lambda handlers, on the loopback interface. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  // A client may pause before the next request: npm packs a large package after it has requested the existing one.
  const limits = { maxHeaderSize: 256 * 1024, keepAliveTimeout: 60_000 };
  const server = createServer(limits, (request, response) => {
    answer(request, options).then(
      (answered) => send(response, request.method ?? 'GET', answered),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage, options: GatewayOptions): Promise<GatewayAnswer> {
  const body = await readBody(request);
  if (headSize(request) > MAX_HEAD) return refusal(431, 'Request Header Fields Too Large');
  if (!body) return refusal(413, 'Request Entity Too Large');

  const route = matchRoute(request, options);
  if (!route) return refusal(404, 'Not Found');
  const event = JSON.stringify(makeEvent(request, body, route, options.percent ?? 'decoded'));
  if (Buffer.byteLength(event) > MAX_EVENT) return refusal(413, 'Request Entity Too Large');

  const result = await invoke(route.handler, event, options.timeout ?? 30_000);
  if (result === 'timeout') return refusal(503, 'Service Unavailable');
  return readResult(result, options.renameChallenge ?? true);
}

/** Calls the function as Lambda does: with a copy of the event, and keeping of the result only what JSON can hold. */
async function invoke(
  handler: LambdaHandler,
  event: string,
  timeout: number,
): Promise<string | 'timeout' | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(resolve, timeout, 'timeout');
  });
  try {
    const done = Promise.resolve(handler(JSON.parse(event), makeContext(timeout)));
    return await Promise.race([done.then((result) => JSON.stringify(result)), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The complete body, or undefined when it is larger than the gateway accepts. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size <= MAX_BODY ? Buffer.concat(chunks) : undefined;
}

function headSize(request: IncomingMessage): number {
  const line = `${request.method} ${request.url} HTTP/1.1\r\n`.length;
  const headers = request.rawHeaders.reduce((sum, part) => sum + part.length, 0);
  return line + headers + (request.rawHeaders.length / 2) * ': \r\n'.length;
}

function send(
  response: ServerResponse,
  method: string,
  { status, headers, cookies, body }: GatewayAnswer,
): void {
  for (const [name, value] of headers) response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader('set-cookie', [...cookies]);
  const bodiless = method === 'HEAD' || status === 204 || status === 304;
  if (!bodiless) response.setHeader('content-length', body.length);
  response.writeHead(status);
  response.end(bodiless ? undefined : body);
}
