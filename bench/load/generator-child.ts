/**
 * The process that makes requests: connections that are kept open, each with one request under way. It does as
 * little as it can per answer, so that the server is what limits the rate.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { publishRequests } from '../packages/publish-request.ts';
import { responseReader } from './response-reader.ts';
import type { FromGenerator, LoadResult, Task, ToGenerator } from './task.ts';

/** Requests ready to be sent; `next` answers undefined when there are no more. */
interface Supply {
  readonly status: number;
  next(): Uint8Array | undefined;
}

function supplyOf(task: Task): Supply {
  if (task.kind === 'publish') {
    const requests = publishRequests(task);
    return { status: 0, next: () => requests.pop() };
  }
  const lines = Object.entries({ host: `${task.host}:${task.port}`, ...task.headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const request = Buffer.from(`GET ${task.path} HTTP/1.1\r\n${head}\r\n`);
  let end = 0;
  return {
    status: task.status,
    next() {
      end ||= performance.now() + task.seconds * 1000;
      return performance.now() < end ? request : undefined;
    },
  };
}

/** Sends what the supply gives over one connection, until it gives no more. */
function drive(socket: Socket, supply: Supply, times: number[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let bytes = 0;
    const send = () => {
      const request = supply.next();
      if (!request) return resolve(bytes);
      sentAt = performance.now();
      socket.write(request);
    };
    const read = responseReader(({ status, size }) => {
      const wanted = supply.status === 0 ? status >= 200 && status < 300 : status === supply.status;
      if (!wanted) return reject(new Error(`answered ${status}`));
      times.push(performance.now() - sentAt);
      bytes += size;
      send();
    });
    socket.on('data', read);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
    send();
  });
}

async function connect(task: Task): Promise<Socket> {
  const socket = createConnection({ host: task.host, port: task.port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Keeps this process from ever sleeping; see `RepeatTask`. Answers how to end that. */
function stayAwake(): () => void {
  let turning = setImmediate(function turn() {
    turning = setImmediate(turn);
  });
  return () => clearImmediate(turning);
}

async function run(task: Task, sockets: readonly Socket[], supply: Supply): Promise<LoadResult> {
  const times: number[] = [];
  const used = process.cpuUsage();
  const started = performance.now();
  const rest = task.kind === 'repeat' && task.awake ? stayAwake() : () => {};
  const received = await Promise.all(sockets.map((socket) => drive(socket, supply, times)));
  rest();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(used);
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(part * (times.length - 1))] ?? 0;
  const bytes = received.reduce((sum, each) => sum + each, 0);
  const ownLoad = (user + system) / 1e6 / seconds;
  return { requests: times.length, seconds, bytes, p50: at(0.5), p99: at(0.99), ownLoad };
}

function tell(message: FromGenerator): void {
  process.send?.(message);
}

let start: (() => void) | undefined;

process.on('message', async (message: ToGenerator) => {
  if ('go' in message) return start?.();
  const sockets: Socket[] = [];
  try {
    const supply = supplyOf(message.prepare);
    for (let n = 0; n < message.prepare.connections; n++) sockets.push(await connect(message.prepare));
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    tell({ ready: true });
    await started;
    tell({ result: await run(message.prepare, sockets, supply) });
  } catch (error) {
    tell({ failure: (error as Error).message });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
