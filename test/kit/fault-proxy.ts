import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** What happens to a request instead of passing it and its response on. */
export type Fault =
  /** The response is an error in the form of AWS, and the request does not reach the service. */
  | { readonly status: number; readonly code: string }
  /** The connection is reset before the request reaches the service. */
  | 'reset'
  /** The service processes the request, but the connection is reset instead of a response. */
  | 'lose'
  /** The request is read, and then nothing happens. */
  | 'stall'
  /** The body of the request is not read, and nothing happens. */
  | 'deaf'
  /** The connection is reset, or nothing more happens, after this many bytes of the body of the response. */
  | { readonly breakAfter: number }
  | { readonly stallAfter: number }
  /** Only this many bytes of the request's body are passed on, and then nothing more happens. */
  | { readonly holdAfter: number }
  /** The bodies of the request and the response are passed on at this many bytes a second. */
  | { readonly drip: number };

/** The faults of a request that is passed on. */
interface Passing {
  readonly breakAfter?: number;
  readonly stallAfter?: number;
  readonly holdAfter?: number;
  readonly drip?: number;
}

const never = Number.POSITIVE_INFINITY;

/** A request that passes through the proxy. */
export interface Call {
  /** Its name, as `nameOf` returns it. */
  readonly operation: string;
  /** Its number among the requests of that operation since the last plan, from 1. */
  readonly nth: number;
  /** How often the same method and path were requested before, since the last plan. */
  readonly repeats: number;
}

/** Decides what happens to a request; undefined passes it on. */
export type FaultPlan = (call: Call) => Fault | undefined;

/** A proxy in front of an HTTP service that fails as networks and busy services do. */
export interface FaultProxy {
  readonly url: string;
  /** The operations of the requests that came since the last plan, in their order. */
  readonly calls: readonly string[];
  /** Replaces the plan; without one, all requests are passed on. */
  plan(plan?: FaultPlan): void;
  /** Resolves when a request has reached the point where its fault stops it. */
  untilHeld(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy in front of `target`. `nameOf` names requests by method, path with its query, and headers. */
export async function startFaultProxy(
  target: string,
  nameOf: (method: string, path: string, headers: IncomingHttpHeaders) => string = (method) => method,
): Promise<FaultProxy> {
  const calls: string[] = [];
  const requests: string[] = [];
  let plan: FaultPlan = () => undefined;
  let held = Promise.withResolvers<void>();
  const server = createServer((incoming, outgoing) => {
    const operation = nameOf(incoming.method ?? '', incoming.url ?? '', incoming.headers);
    calls.push(operation);
    const nth = calls.filter((call) => call === operation).length;
    const request = `${incoming.method} ${incoming.url}`;
    const repeats = requests.filter((other) => other === request).length;
    requests.push(request);
    const fault = plan({ operation, nth, repeats });
    const path = new Passage(incoming, outgoing, new URL(target), () => held.resolve());
    path.take(fault).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    plan(next = () => undefined) {
      calls.length = 0;
      requests.length = 0;
      plan = next;
      held = Promise.withResolvers();
    },
    untilHeld: () => held.promise,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A plan that puts the fault into requests of one operation (`*` for any): the first `times` of them, or all. */
export function faultIn(operation: string, fault: Fault, times = never): FaultPlan {
  return (call) =>
    (operation === '*' || call.operation === operation) && call.nth <= times ? fault : undefined;
}

/** A plan that puts one of the faults into about this share of all requests, but not into one more than `most` times. */
export function faultsAtRandom(share: number, most: number, faults: readonly Fault[]): FaultPlan {
  return ({ repeats }) =>
    repeats < most && Math.random() < share ? faults[Math.floor(Math.random() * faults.length)] : undefined;
}

/** One request that passes through the proxy. */
class Passage {
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #target: URL;
  readonly #held: () => void;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, target: URL, held: () => void) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#target = target;
    this.#held = held;
  }

  async take(fault: Fault | undefined): Promise<void> {
    if (fault === 'reset') return this.#reset();
    if (fault === 'deaf') return this.#held();
    if (fault === 'stall') return void this.#incoming.resume().once('end', this.#held);
    if (fault === 'lose') return this.#lose();
    if (fault && 'status' in fault) return this.#refuse(fault);
    return this.#passOn(fault);
  }

  #reset(): void {
    this.#incoming.socket.resetAndDestroy();
  }

  async #refuse({ status, code }: { status: number; code: string }): Promise<void> {
    await this.#incoming.resume().toArray();
    const { method, headers } = this.#incoming;
    const isJson = headers['content-type']?.startsWith('application/x-amz-json') ?? false;
    const body = isJson
      ? JSON.stringify({ __type: code, message: '-' })
      : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>-</Message></Error>`;
    this.#outgoing.writeHead(status, {
      'content-type': isJson ? headers['content-type'] : 'application/xml',
    });
    this.#outgoing.end(method === 'HEAD' ? undefined : body);
  }

  async #lose(): Promise<void> {
    const answer = await this.#request((to) => pipeline(this.#incoming, to));
    answer.resume();
    await once(answer, 'end');
    this.#reset();
  }

  async #passOn(fault: Passing = {}): Promise<void> {
    const { holdAfter = never, drip = never, stallAfter = never, breakAfter = never } = fault;
    const answer = await this.#request((to) => this.#pass(this.#incoming, to, holdAfter, drip));
    this.#outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    const isComplete = await this.#pass(answer, this.#outgoing, Math.min(stallAfter, breakAfter), drip);
    if (isComplete) return;
    if (breakAfter < never) this.#reset();
    answer.destroy();
  }

  /** Sends the request to the service, with the body that `write` writes. */
  async #request(write: (to: Writable) => Promise<unknown>): Promise<IncomingMessage> {
    const { method, url, rawHeaders } = this.#incoming;
    const { hostname, port } = this.#target;
    const onward = request({ host: hostname, port, method, path: url, headers: rawHeaders as never });
    this.#outgoing.once('close', () => onward.destroy());
    // `once` below rejects with errors before the response; later ones are ignored.
    onward.on('error', () => {});
    const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
    await Promise.race([write(onward), answered]);
    return (await answered)[0];
  }

  /** Passes bytes on, at most `most` of them, at `rate` bytes a second. Returns whether that was all. */
  async #pass(from: Readable, to: Writable, most: number, rate: number): Promise<boolean> {
    let left = most;
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const piece = Math.min(Math.ceil(rate / 20), chunk.byteLength);
      const part = chunk.subarray(0, left);
      for (let at = 0; at < part.byteLength; at += piece) {
        if (rate < never) await delay(50);
        if (!to.write(part.subarray(at, at + piece))) await once(to, 'drain');
      }
      left -= part.byteLength;
      if (left === 0) break;
    }
    if (left > 0) {
      to.end();
      return true;
    }
    this.#held();
    // The end of a connection is noticed only if everything before it is read.
    from.resume();
    return false;
  }
}
