import { createServer, IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { StreamedReply } from '../../http/answer/reply.ts';
import type { App } from '../../http/call.ts';
import { chunksOf } from '../../shared/chunks-of.ts';
import { singleSlashes, targetPath } from '../../shared/headers/request-target.ts';
import { endIdleClients } from './idle-clients.ts';
import { idleConnections } from './idle-connections.ts';
import { type LingerLimits, lingeringClose } from './lingering-close.ts';
import { sendStream } from './send-stream.ts';

/** A server that is listening. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /**
   * Stops keeping connections alive, accepts no more connections after `grace` milliseconds, and resolves when the
   * requests in progress are done. It does not wait for clients that have not sent a complete request head by
   * then.
   */
  stop(grace?: number): Promise<void>;
  /**
   * Accepts no more connections and closes all open ones immediately, including those with requests in progress.
   */
  end(): Promise<void>;
}

/** Bodies up to this many bytes are read to the end even if the response was sent earlier. */
const SMALL_BODY = 64 * 1024;

/** Where a server listens, and its timeouts in milliseconds. */
export interface ListenOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Idle timeout while a request is being received or a response is being sent. */
  readonly idleTimeout?: number;
  /** How long an idle connection is kept open for the next request. */
  readonly keepAlive?: number;
  readonly linger?: LingerLimits;
}

/** Serves an app over HTTP/1.1. */
export async function listen(app: App, options: ListenOptions): Promise<Listening> {
  const { host, port, idleTimeout = 130_000, keepAlive = 65_000 } = options;
  const closing = lingeringClose(options.linger);
  let stopping = false;
  const listener = getRequestListener(async (request, env) => {
    const incoming = env.incoming as IncomingMessage;
    const outgoing = env.outgoing as ServerResponse;
    const response = await app(request, {
      clientAddress: incoming.socket?.remoteAddress ?? '',
      path: targetPath(incoming.url ?? '/'),
      body: () => chunksOf(incoming),
    });
    // After a response that closes the connection, Node drops the following ones.
    if ((stopping && idle.isLast(outgoing)) || isStillSending(incoming)) outgoing.shouldKeepAlive = false;
    // The listener leaves the status line to Node, which uses `statusMessage` if it is set.
    if (response.status >= 400 && response.statusText !== '') outgoing.statusMessage = response.statusText;
    if (!(response instanceof StreamedReply)) return response;
    await sendStream(response, outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  const server = createServer(
    {
      // Uploads may take any time as long as they make progress, but request headers must arrive soon.
      requestTimeout: 0,
      headersTimeout: 60_000,
      keepAliveTimeout: keepAlive,
      maxHeaderSize: 64 * 1024,
      noDelay: true,
    },
    (incoming, outgoing) => {
      if (refuseAmbiguous(incoming, outgoing)) return;
      if (hasBody(incoming)) closing.prepare(incoming);
      watchIdle(incoming, outgoing);
      idle.track(outgoing);
      listener(incoming, outgoing);
    },
  );
  const watchIdle = endIdleClients(server, idleTimeout);
  const idle = idleConnections(server);
  server.on('checkContinue', (incoming, outgoing) => {
    if (refuseAmbiguous(incoming, outgoing)) return;
    closing.prepare(incoming);
    watchIdle(incoming, outgoing);
    idle.track(outgoing);
    continueWhenRead(incoming, outgoing);
    listener(incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  let closed: Promise<void> | undefined;
  function close(): Promise<void> {
    closed ??= new Promise<void>((resolve, reject) => {
      // Otherwise a connection whose request finishes from now on would be kept open for the next one.
      const cutIdle = setInterval(() => idle.closeIdle(), 100);
      server.close((error) => {
        clearInterval(cutIdle);
        if (error) reject(error);
        else resolve();
      });
      closing.cut();
    });
    return closed;
  }

  return {
    server,
    port: (server.address() as AddressInfo).port,
    async stop(grace = 0) {
      stopping = true;
      await delay(grace);
      await close();
    },
    async end() {
      stopping = true;
      const ended = close();
      server.closeAllConnections();
      await ended;
    },
  };
}

/**
 * Mends the head of a request, or refuses it with 400 and returns true: two `Host` headers, of which a proxy may have
 * read the other one (RFC 9112 section 3.2). Requests of HTTP/1.0 need none; probes of load balancers send none.
 */
function refuseAmbiguous(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const { rawHeaders, headers, httpVersion } = incoming;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) {
    outgoing.writeHead(400, { 'content-type': 'application/json', connection: 'close' });
    outgoing.end(JSON.stringify({ message: '400 Bad Request - more than one Host header' }));
    return true;
  }
  if (hosts === 0 && httpVersion === '1.0') headers.host = 'localhost';
  if (incoming.url?.includes('//')) incoming.url = singleSlashes(incoming.url);
  return false;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Whether the rest of the body is too large, or of unknown size, to be worth reading for the sake of the
 * connection.
 */
function isStillSending(incoming: IncomingMessage): boolean {
  return !incoming.complete && !(Number(incoming.headers['content-length']) <= SMALL_BODY);
}

/**
 * Sends `100 Continue` only when the body is first read, so that an upload rejected by its headers is never sent.
 * If the body was never requested, the connection is closed: the next bytes could be the body or a new request.
 */
function continueWhenRead(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const keepAlive = outgoing.shouldKeepAlive;
  outgoing.shouldKeepAlive = false;
  let continued = false;
  incoming._read = function read(size) {
    if (!continued && !outgoing.headersSent) {
      continued = true;
      outgoing.shouldKeepAlive = keepAlive;
      outgoing.writeContinue();
    }
    IncomingMessage.prototype._read.call(this, size);
  };
}
