import { createServer, IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { App } from '../../http/call.ts';

/** A server that is listening. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** Takes no more connections and resolves when the requests under way are done. */
  stop(): Promise<void>;
}

/** Serves an app over HTTP/1.1 on a port (0: any free one). */
export async function listen(app: App, host: string, port: number): Promise<Listening> {
  const listener = getRequestListener((request, env) =>
    app(request, { clientAddress: addressOf(env.incoming) }),
  );
  const server = createServer(
    {
      // Uploads take as long as they take; only the headers must come soon.
      requestTimeout: 0,
      headersTimeout: 60_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 64 * 1024,
      noDelay: true,
    },
    listener,
  );
  server.on('checkContinue', (incoming, outgoing) => {
    continueWhenRead(incoming, outgoing);
    listener(incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
}

/**
 * Says `100 Continue` only when the body is first read, so that an upload that is refused by its headers is never
 * sent. The connection of one that was not asked for its body is closed: what it sends next could be either.
 */
function continueWhenRead(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.shouldKeepAlive = false;
  let asked = false;
  incoming._read = function read(size) {
    if (!asked) {
      asked = true;
      outgoing.shouldKeepAlive = true;
      outgoing.writeContinue();
    }
    IncomingMessage.prototype._read.call(this, size);
  };
}

function addressOf(incoming: unknown): string {
  return (incoming as IncomingMessage).socket?.remoteAddress ?? '';
}
