import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that writes HTTP by hand, so that it can do what a well-behaved one never does. */
export interface RawClient {
  readonly socket: Socket;
  /** Writes the head of a request: the lines, and an empty line after them. */
  head(...lines: readonly string[]): void;
  /** Sends bytes; resolves with true when the system has accepted them, and with false when the connection is closed. */
  send(bytes: Uint8Array | string): Promise<boolean>;
  /** Sends `total` bytes, piece by piece, as long as they are accepted. */
  sendMany(total: number): Promise<boolean>;
  /** Starts to read, and resolves with everything received when the other side has closed. A reset rejects. */
  answer(): Promise<string>;
  /** Starts to read, and resolves with everything received as soon as it matches `pattern`. */
  until(pattern: RegExp): Promise<string>;
  /** Everything received so far. */
  seen(): string;
}

const PIECE = Buffer.alloc(256 * 1024);

/** Connects to the host of a URL. Nothing is read before `answer` or `until` is called. */
export async function rawClient(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  // A client may still send after the server has closed its side.
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.pause();
  let seen = '';
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const ended = new Promise<void>((resolve) => socket.once('end', resolve));
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString('latin1');
  });
  socket.pause();

  async function send(bytes: Uint8Array | string): Promise<boolean> {
    if (!socket.writable) return false;
    const taken = new Promise<boolean>((resolve) => socket.write(bytes, (error) => resolve(!error)));
    return Promise.race([taken, closed.then(() => false)]);
  }

  return {
    socket,
    head: (...lines) => void socket.write(`${lines.join('\r\n')}\r\n\r\n`),
    send,
    async sendMany(total) {
      for (let left = total; left > 0; left -= PIECE.byteLength) {
        if (!(await send(PIECE.subarray(0, left)))) return false;
      }
      return true;
    },
    async answer() {
      socket.resume();
      await Promise.race([ended, closed]);
      if (failure) throw failure;
      return seen;
    },
    async until(pattern) {
      socket.resume();
      while (!pattern.test(seen)) {
        if (socket.closed || socket.readableEnded)
          throw failure ?? new Error(`the connection was closed after: ${seen}`);
        await Promise.race([new Promise((resolve) => socket.once('data', resolve)), ended, closed]);
      }
      return seen;
    },
    seen: () => seen,
  };
}
