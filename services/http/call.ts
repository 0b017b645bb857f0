import type { Registry } from '../registry/context.ts';

/** What the host knows of a request beside the request itself. */
export interface HostInfo {
  readonly clientAddress?: string;
  /** The host's own id for the request; one is made where there is none. */
  readonly requestId?: string;
  /** The body as the host reads it, where that costs less than by way of the request; to be asked for once. */
  readonly body?: () => AsyncIterable<Uint8Array>;
}

/** An application: a request in, a response out; the same on every host. */
export type App = (request: Request, host: HostInfo) => Promise<Response>;

/** What every handler finds in `c.env`. */
export interface Call {
  readonly registry: Registry;
  readonly requestId: string;
  readonly clientAddress?: string | undefined;
  /** See `HostInfo`. */
  readonly body?: HostInfo['body'] | undefined;
  /** Headers that every answer to the request has beside its own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The Hono environment of the management API. */
export type CallEnv = { Bindings: Call };
