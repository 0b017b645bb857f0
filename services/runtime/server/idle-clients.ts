import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Ends the connections of clients that keep the server waiting: those that for so many milliseconds send nothing of
 * what they announced, or take nothing of what they are sent. A request the server works on may take longer.
 *
 * Answers what must be called with each request before it is handled.
 */
export function endIdleClients(
  server: Server,
  milliseconds: number,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  // Node ends connections on which nothing has moved, unless somebody listens.
  server.setTimeout(milliseconds);
  return (incoming, outgoing) => {
    outgoing.on('timeout', (socket: Socket) => {
      if (isWaitedFor(incoming, outgoing)) socket.destroy();
      else socket.setTimeout(milliseconds);
    });
  };
}

/** Whether the next move is the client's: bytes wait for it to take them, or all that it has sent has been read. */
function isWaitedFor(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  return outgoing.writableLength > 0 || (!incoming.complete && incoming.readableLength === 0);
}
