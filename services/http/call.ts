import type { RequestTrace } from '../domain/request-trace.ts';
import type { Registry } from '../registry/context.ts';

/** What the host knows about a request in addition to the request itself. */
export interface HostInfo {
  readonly clientAddress?: string;
  /** The host's id for the request; one is generated if absent. */
  readonly requestId?: string;
  /** The encoded path as the client sent it. A `Request` has it with dot segments resolved. */
  readonly path?: string;
  /** The body as the host reads it, if that is cheaper than reading it from the request. Call at most once. */
  readonly body?: () => AsyncIterable<Uint8Array>;
}

/** An application: takes a request and returns a response, the same way on every host. */
export type App = (request: Request, host: HostInfo) => Promise<Response>;

/** What every handler finds in `c.env`. */
export interface Call {
  readonly registry: Registry;
  readonly requestId: string;
  readonly trace: RequestTrace;
  readonly clientAddress?: string | undefined;
  /** See `HostInfo`. */
  readonly body?: HostInfo['body'] | undefined;
  /** Headers added to every response to the request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The Hono environment of the management API. */
export type CallEnv = { Bindings: Call };
