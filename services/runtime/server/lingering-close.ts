import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** How long, in milliseconds, and for how many bytes a client is listened to that was answered while it was sending. */
export interface LingerLimits {
  /** Without a byte from the client. */
  readonly idle: number;
  readonly whole: number;
  readonly bytes: number;
}

const defaultLimits: LingerLimits = { idle: 5_000, whole: 60_000, bytes: 1024 ** 3 };

/** Closes connections in two steps. */
export interface LingeringClose {
  /** Has the connection closed in two steps, should the answer be ready before the body has been read. */
  prepare(incoming: IncomingMessage): void;
  /** Cuts the connections that are being closed. */
  cut(): void;
}

/**
 * Closes connections so that a client that was answered while it was still sending gets to read the answer: closed at
 * once, with bytes unread, the system resets them, and the reset overtakes the answer. The two steps of RFC 9112
 * section 9.6: the answer and the end of our side first; then what still comes is thrown away until the client has
 * finished or closed too, within limits.
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
      const isOver = now - last.at > limits.idle || now - started > limits.whole;
      if (isOver || bytes - first > limits.bytes) socket.destroy();
    }, limits.idle / 10);
    socket.once('close', () => {
      clearInterval(watch);
      closing.delete(socket);
    });
    socket.end();
    incoming.once('end', () => socket.destroy());
    // Whoever began to read the body pauses it when it has enough.
    incoming.removeAllListeners('data').removeAllListeners('readable').resume();
  }

  return {
    prepare(incoming) {
      const { socket } = incoming;
      // What Node calls when the last answer of a connection is written.
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
