import { createServer, IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { StreamedReply } from '../../http/answer/reply.ts';
import type { App } from '../../http/call.ts';
import { chunksOf } from '../../shared/chunks-of.ts';
import { endIdleClients } from './idle-clients.ts';
import { idleConnections } from './idle-connections.ts';
import { type LingerLimits, lingeringClose } from './lingering-close.ts';
import { sendStream } from './send-stream.ts';

/** A server that is listening. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /**
   * Keeps no connection for another request from now on, takes no more connections after `grace` milliseconds, and
   * resolves when the requests under way are done. Who has not sent a whole head by then is not waited for.
   */
  stop(grace?: number): Promise<void>;
  /** Takes no more connections and cuts all there are at once, whatever is under way. */
  end(): Promise<void>;
}

/** A body of at most so many bytes is read to its end, also when it was answered before that. */
const SMALL_BODY = 64 * 1024;

/** Where a server listens and how it bears with clients. Times in milliseconds. */
export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** How long a client may keep the server waiting in the middle of a request or an answer. */
  readonly idleTimeout?: number;
  /** How long a connection is kept for the next request. */
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
      body: () => chunksOf(incoming),
    });
    // Node drops the answers that would follow one that closes the connection.
    if ((stopping && idle.isLast(outgoing)) || isStillSending(incoming)) outgoing.shouldKeepAlive = false;
    // The listener leaves the status line to Node, which keeps words that are there.
    if (response.status >= 400 && response.statusText !== '') outgoing.statusMessage = response.statusText;
    if (!(response instanceof StreamedReply)) return response;
    await sendStream(response, outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  const server = createServer(
    {
      // Uploads take as long as they take, if only they go on; the headers must come soon.
      requestTimeout: 0,
      headersTimeout: 60_000,
      keepAliveTimeout: keepAlive,
      maxHeaderSize: 64 * 1024,
      noDelay: true,
    },
    (incoming, outgoing) => {
      if (hasBody(incoming)) closing.prepare(incoming);
      watch(incoming, outgoing);
      idle.begun(outgoing);
      listener(incoming, outgoing);
    },
  );
  const watch = endIdleClients(server, idleTimeout);
  const idle = idleConnections(server);
  server.on('checkContinue', (incoming, outgoing) => {
    closing.prepare(incoming);
    watch(incoming, outgoing);
    idle.begun(outgoing);
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
      // A connection whose request ends from now on would be kept for the next one otherwise.
      const cutIdle = setInterval(() => idle.cut(), 100);
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

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Whether more of the body is to come than is worth keeping the connection for. */
function isStillSending(incoming: IncomingMessage): boolean {
  return !incoming.complete && !(Number(incoming.headers['content-length']) <= SMALL_BODY);
}

/**
 * Says `100 Continue` only when the body is first read, so that an upload that is refused by its headers is never
 * sent. The connection of one that was not asked for its body is closed: what it sends next could be either.
 */
function continueWhenRead(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const wasToBeKept = outgoing.shouldKeepAlive;
  outgoing.shouldKeepAlive = false;
  let asked = false;
  incoming._read = function read(size) {
    if (!asked && !outgoing.headersSent) {
      asked = true;
      outgoing.shouldKeepAlive = wasToBeKept;
      outgoing.writeContinue();
    }
    IncomingMessage.prototype._read.call(this, size);
  };
}
