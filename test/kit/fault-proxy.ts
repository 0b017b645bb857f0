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

/** What is done to a request instead of handing it on and its answer back. */
export type Fault =
  /** It is answered with an error as AWS words them, and never gets to the service. */
  | { readonly status: number; readonly code: string }
  /** Its connection is reset, before it gets to the service. */
  | 'reset'
  /** It is done, but the connection is reset instead of an answer. */
  | 'lose'
  /** It is read, and then nothing happens. */
  | 'stall'
  /** Nothing of its body is read, and nothing happens. */
  | 'deaf'
  /** The connection is reset, or nothing more happens, after so many bytes of the answer's body. */
  | { readonly breakAfter: number }
  | { readonly stallAfter: number }
  /** Only so many bytes of its body are handed on, and then nothing more happens. */
  | { readonly holdAfter: number }
  /** Its body and the answer's come at so many bytes a second. */
  | { readonly drip: number };

/** The faults of a request that is handed on. */
interface Passing {
  readonly breakAfter?: number;
  readonly stallAfter?: number;
  readonly holdAfter?: number;
  readonly drip?: number;
}

const never = Number.POSITIVE_INFINITY;

/** A request that passes through the proxy. */
export interface Call {
  /** What it is, as far as the proxy has been told how to name requests. */
  readonly operation: string;
  /** Which one of that operation it is since the last plan, from 1. */
  readonly nth: number;
  /** How often the very same request came before. */
  readonly repeats: number;
}

/** Decides what becomes of a request; undefined hands it on. */
export type FaultPlan = (call: Call) => Fault | undefined;

/** A proxy in front of an HTTP service that does what networks and busy services do. */
export interface FaultProxy {
  readonly url: string;
  /** The operations of the requests that came since the last plan, in their order. */
  readonly calls: readonly string[];
  /** Changes what is done from now on; without a plan nothing. */
  plan(plan?: FaultPlan): void;
  /** Resolves when a request has come to where its fault makes it stand still. */
  untilHeld(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy before `target`. `nameOf` names requests by method, path with its query, and headers. */
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

/** One request on its way. */
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
    return this.#handOn(fault);
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
    const answer = await this.#ask((to) => pipeline(this.#incoming, to));
    answer.resume();
    await once(answer, 'end');
    this.#reset();
  }

  async #handOn(fault: Passing = {}): Promise<void> {
    const { holdAfter = never, drip = never, stallAfter = never, breakAfter = never } = fault;
    const answer = await this.#ask((to) => this.#pass(this.#incoming, to, holdAfter, drip));
    this.#outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    const isWhole = await this.#pass(answer, this.#outgoing, Math.min(stallAfter, breakAfter), drip);
    if (isWhole) return;
    if (breakAfter < never) this.#reset();
    answer.destroy();
  }

  /** Makes the request of the service, whose body is written by `write`. */
  async #ask(write: (to: Writable) => Promise<unknown>): Promise<IncomingMessage> {
    const { method, url, rawHeaders } = this.#incoming;
    const { hostname, port } = this.#target;
    const onward = request({ host: hostname, port, method, path: url, headers: rawHeaders as never });
    this.#outgoing.once('close', () => onward.destroy());
    // Told to whoever waits for the answer, and to nobody once there is one.
    onward.on('error', () => {});
    const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
    await Promise.race([write(onward), answered]);
    return (await answered)[0];
  }

  /** Passes bytes on, at most `most` of them, at `rate` bytes a second. Answers whether that was all. */
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
    // What is not read hides that its sender has gone.
    from.resume();
    return false;
  }
}
