import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server that have no request in progress. */
export interface IdleConnections {
  /** Must be called with each request before it is handled. */
  track(outgoing: ServerResponse): void;
  /** Whether no other response is in progress on this connection. */
  isLast(outgoing: ServerResponse): boolean;
  /**
   * Closes the connections without a request in progress, including those with an unfinished request head: Node
   * counts these as busy, and stops checking their timeout once the server is closing. Connections that have been
   * ended close by themselves.
   */
  closeIdle(): void;
}

/** Tracks the connections of a server. Must be called before it accepts any. */
export function idleConnections(server: Server): IdleConnections {
  /** The number of responses in progress per connection; a client may pipeline requests. */
  const inProgress = new Map<Socket, number>();
  server.on('connection', (socket) => {
    inProgress.set(socket, 0);
    socket.once('close', () => inProgress.delete(socket));
  });

  function count(socket: Socket, by: number): void {
    const before = inProgress.get(socket);
    if (before !== undefined) inProgress.set(socket, before + by);
  }

  return {
    track(outgoing) {
      const { socket } = outgoing.req;
      count(socket, 1);
      outgoing.once('close', () => count(socket, -1));
    },
    isLast: (outgoing) => (inProgress.get(outgoing.req.socket) ?? 1) === 1,
    closeIdle() {
      for (const [socket, responses] of inProgress) {
        if (responses === 0 && !socket.writableEnded) socket.destroy();
      }
    },
  };
}
