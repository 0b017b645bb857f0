import { randomFillSync } from 'node:crypto';
import { publishRequests } from '../packages/publish-request.ts';
import type { Task } from './task.ts';

/** A request that can be sent: its head, perhaps with a body, then a body that repeats one block. */
export interface ReadyRequest {
  readonly start: Uint8Array;
  readonly body?: { readonly block: Uint8Array; readonly size: number };
}

/** Requests ready to be sent. */
export interface Supply {
  /** The status every response must have; 0 for any success. */
  readonly status: number;
  /** The next request of a connection, or undefined when there are no more. */
  next(connection: number): ReadyRequest | undefined;
}

/** Bytes of a large body that are written at a time. */
const BLOCK = 1024 * 1024;

/** Makes the requests of a task. */
export function supplyOf(task: Task): Supply {
  if (task.kind === 'publish') {
    const requests = publishRequests(task);
    return {
      status: 0,
      next: () => {
        const start = requests.pop();
        return start && { start };
      },
    };
  }
  return task.kind === 'upload' ? uploads(task) : repeats(task);
}

function repeats(task: Extract<Task, { kind: 'repeat' }>): Supply {
  const start = headOf(task, 'GET', task.path, {});
  let end = 0;
  return {
    status: task.status,
    next() {
      end ||= performance.now() + task.seconds * 1000;
      return performance.now() < end ? { start } : undefined;
    },
  };
}

function uploads(task: Extract<Task, { kind: 'upload' }>): Supply {
  const body = { block: randomFillSync(Buffer.alloc(BLOCK)), size: task.size };
  const left = Array.from({ length: task.connections }, () => task.count);
  return {
    status: 0,
    next(connection) {
      const more = left[connection] ?? 0;
      left[connection] = more - 1;
      const headers = { 'content-length': String(task.size) };
      return more > 0
        ? { start: headOf(task, 'PUT', `${task.path}${connection}`, headers), body }
        : undefined;
    },
  };
}

function headOf(
  { host, port, headers }: Task,
  method: string,
  path: string,
  more: Readonly<Record<string, string>>,
): Buffer {
  const lines = Object.entries({ host: `${host}:${port}`, ...headers, ...more });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`);
}
