import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that speaks HTTP by hand, so that it can do what a well-behaved one never does. */
export interface RawClient {
  readonly socket: Socket;
  /** Writes lines with their ends and an empty line behind them: the head of a request. */
  head(...lines: readonly string[]): void;
  /** Sends bytes, and resolves when the system has taken them; answers whether it still took them. */
  send(bytes: Uint8Array | string): Promise<boolean>;
  /** Sends `total` bytes, piece by piece, as long as they are taken. */
  sendMany(total: number): Promise<boolean>;
  /** Reads from now on, and answers what came until the other side ended. A reset rejects. */
  answer(): Promise<string>;
  /** Reads from now on, and resolves with what came as soon as `pattern` is in it. */
  until(pattern: RegExp): Promise<string>;
  /** What came so far. */
  seen(): string;
}

const PIECE = Buffer.alloc(256 * 1024);

/** Connects to the host of a URL. Nothing is read until it is asked for. */
export async function rawClient(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  // A client whose server has ended may still send.
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
          throw failure ?? new Error(`the connection ended after: ${seen}`);
        await Promise.race([new Promise((resolve) => socket.once('data', resolve)), ended, closed]);
      }
      return seen;
    },
    seen: () => seen,
  };
}
