/**
 * The process that makes requests: connections that are kept open, each with one request at a time. It does as
 * little as possible per response, so that the server limits the rate.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { responseReader } from './response-reader.ts';
import { type ReadyRequest, type Supply, supplyOf } from './supply.ts';
import type { FromGenerator, LoadResult, Task, ToGenerator } from './task.ts';

/** The buffer that all connections read into, one at a time, so that it stays in the processor's cache. */
const input = Buffer.alloc(256 * 1024);

/** A connection to the server, and the function that gets what it reads. */
class Connection {
  readonly socket: Socket;
  take: (chunk: Buffer) => void = () => {};

  constructor({ host, port }: Task) {
    const callback = (size: number) => {
      this.take(input.subarray(0, size));
      return true;
    };
    this.socket = createConnection({ host, port, noDelay: true, onread: { buffer: input, callback } });
  }
}

/** Sends the requests of the supply over one connection, until there are no more. */
function drive(connection: Connection, number: number, supply: Supply, times: number[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const { socket } = connection;
    let sentAt = 0;
    let bytes = 0;
    const send = () => {
      const request = supply.next(number);
      if (!request) return resolve(bytes);
      sentAt = performance.now();
      socket.write(request.start);
      if (request.body) sendBody(socket, request.body);
    };
    connection.take = responseReader(({ status, size }) => {
      const isExpected = supply.status === 0 ? status >= 200 && status < 300 : status === supply.status;
      if (!isExpected) return reject(new Error(`unexpected status ${status}`));
      times.push(performance.now() - sentAt);
      bytes += size;
      send();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
    send();
  });
}

function sendBody(socket: Socket, { block, size }: NonNullable<ReadyRequest['body']>): void {
  let left = size;
  const more = () => {
    while (left > 0) {
      const part = left < block.byteLength ? block.subarray(0, left) : block;
      left -= part.byteLength;
      if (!socket.write(part)) return void socket.once('drain', more);
    }
  };
  more();
}

async function connect(task: Task): Promise<Connection> {
  const connection = new Connection(task);
  await once(connection.socket, 'connect');
  return connection;
}

/** Keeps this process from sleeping; see `RepeatTask`. Returns the function that ends that. */
function stayAwake(): () => void {
  let turning = setImmediate(function turn() {
    turning = setImmediate(turn);
  });
  return () => clearImmediate(turning);
}

async function run(task: Task, connections: readonly Connection[], supply: Supply): Promise<LoadResult> {
  const times: number[] = [];
  const used = process.cpuUsage();
  const started = performance.now();
  const stopWaking = task.kind === 'repeat' && task.awake ? stayAwake() : () => {};
  const received = await Promise.all(connections.map((each, number) => drive(each, number, supply, times)));
  stopWaking();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(used);
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(part * (times.length - 1))] ?? 0;
  const bytes = received.reduce((sum, each) => sum + each, 0);
  const ownLoad = (user + system) / 1e6 / seconds;
  return { requests: times.length, seconds, bytes, p50: at(0.5), p99: at(0.99), ownLoad };
}

function sendMessage(message: FromGenerator): void {
  process.send?.(message);
}

let start: (() => void) | undefined;

process.on('message', async (message: ToGenerator) => {
  if ('go' in message) return start?.();
  const connections: Connection[] = [];
  try {
    const supply = supplyOf(message.prepare);
    for (let n = 0; n < message.prepare.connections; n++) connections.push(await connect(message.prepare));
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    sendMessage({ ready: true });
    await started;
    sendMessage({ result: await run(message.prepare, connections, supply) });
  } catch (error) {
    sendMessage({ failure: (error as Error).message });
  } finally {
    for (const { socket } of connections) socket.destroy();
  }
});
