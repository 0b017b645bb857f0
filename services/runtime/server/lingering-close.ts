import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * How long (in milliseconds) and for how many bytes to keep reading from a client that got its response before it
 * finished sending.
 */
export interface LingerLimits {
  /** Idle timeout. */
  readonly idle: number;
  readonly total: number;
  readonly bytes: number;
}

const defaultLimits: LingerLimits = { idle: 5_000, total: 60_000, bytes: 1024 ** 3 };

/** Closes connections in two steps. */
export interface LingeringClose {
  /** Makes the connection close in two steps if the response is ready before the body has been read. */
  prepare(incoming: IncomingMessage): void;
  /** Closes the connections that are still lingering. */
  cut(): void;
}

/**
 * Closes connections so that a client that gets a response while it is still sending can read it. Closing at once
 * with unread bytes makes the operating system reset the connection, and the reset can overtake the response. RFC
 * 9112 section 9.6 describes the two steps: first send the response and close our side, then discard incoming
 * bytes until the client has finished or closed too, within limits.
 */
export function lingeringClose(limits: LingerLimits = defaultLimits): LingeringClose {
  const closing = new Set<Socket>();

  function linger(incoming: IncomingMessage, socket: Socket): void {
    closing.add(socket);
    const started = performance.now();
    const first = socket.bytesRead;
    let last = { bytes: first, at: started };
    const watch = setInterval(() => {
      const bytes = socket.bytesRead;
      const now = performance.now();
      if (bytes > last.bytes) last = { bytes, at: now };
      const isOver = now - last.at > limits.idle || now - started > limits.total;
      if (isOver || bytes - first > limits.bytes) socket.destroy();
    }, limits.idle / 10);
    socket.once('close', () => {
      clearInterval(watch);
      closing.delete(socket);
    });
    socket.end();
    incoming.once('end', () => socket.destroy());
    // A reader that started on the body pauses it when it has enough.
    incoming.removeAllListeners('data').removeAllListeners('readable').resume();
  }

  return {
    prepare(incoming) {
      const { socket } = incoming;
      // Node calls this when the last response of a connection is written.
      socket.destroySoon = function destroySoon() {
        if (incoming.complete || socket.destroyed) Object.getPrototypeOf(socket).destroySoon.call(socket);
        else if (!closing.has(socket)) linger(incoming, socket);
      };
    },
    cut() {
      for (const socket of closing) socket.destroy();
    },
  };
}
