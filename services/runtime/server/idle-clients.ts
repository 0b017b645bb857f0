import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Closes the connections of clients that stall for `milliseconds`: they neither send the rest of an announced body
 * nor read the response. A request the server is still working on may take longer.
 *
 * Returns a function that must be called with each request before it is handled.
 */
export function endIdleClients(
  server: Server,
  milliseconds: number,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  // Without a listener, Node closes connections that are idle this long.
  server.setTimeout(milliseconds);
  return (incoming, outgoing) => {
    outgoing.on('timeout', (socket: Socket) => {
      if (isClientsTurn(incoming, outgoing)) socket.destroy();
      else socket.setTimeout(milliseconds);
    });
  };
}

/**
 * Whether the server is waiting for the client: it has unsent bytes, or has read everything the client sent so
 * far.
 */
function isClientsTurn(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  return outgoing.writableLength > 0 || (!incoming.complete && incoming.readableLength === 0);
}
