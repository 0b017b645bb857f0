import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, told apart by whether a request is under way. */
export interface IdleConnections {
  /** Must be told of each request, before it is handled. */
  begun(outgoing: ServerResponse): void;
  /** Whether no other answer is under way on its connection. */
  isLast(outgoing: ServerResponse): boolean;
  /**
   * Cuts the connections without a request under way, also where the beginning of one has come: a head that never ends
   * counts for Node as a request, and is not looked for any more once a server closes. Those whose last answer is
   * written close by themselves.
   */
  cut(): void;
}

/** Watches the connections of a server from its start. */
export function idleConnections(server: Server): IdleConnections {
  /** How many answers are under way on each; a client may send requests without waiting for answers. */
  const underWay = new Map<Socket, number>();
  server.on('connection', (socket) => {
    underWay.set(socket, 0);
    socket.once('close', () => underWay.delete(socket));
  });

  function count(socket: Socket, by: number): void {
    const before = underWay.get(socket);
    if (before !== undefined) underWay.set(socket, before + by);
  }

  return {
    begun(outgoing) {
      const { socket } = outgoing.req;
      count(socket, 1);
      outgoing.once('close', () => count(socket, -1));
    },
    isLast: (outgoing) => (underWay.get(outgoing.req.socket) ?? 1) === 1,
    cut() {
      for (const [socket, answers] of underWay) {
        if (answers === 0 && !socket.writableEnded) socket.destroy();
      }
    },
  };
}
